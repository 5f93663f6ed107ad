//! `/checkpoint` and `/tile/…`: the log for everybody who watches it, as C2SP tlog-tiles lays it out. The checkpoint is
//! public always. Tiles are served where the hall publishes them (`[publish] tiles`): leaves hold no personal data, but
//! they say who was busy with what and when.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::Service;
use super::problem::HttpProblem;
use crate::domain::Problem;
use crate::ledger::LedgerError;
use crate::merkle::tile::{TILE_WIDTH, TilePath};

/// A full tile never changes.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Neither does a partial one, but nobody asks for it again once it is full.
const PARTIAL: &str = "public, max-age=3600";

/// The newest checkpoint changes with every fact, and what is not there yet may be there in a moment.
const CHANGING: &str = "no-store";

/// 最新检查点 The newest signed checkpoint (C2SP signed note), public.
#[utoipa::path(
    get,
    path = "/checkpoint",
    tag = "log",
    responses((status = 200, description = "检查点 the checkpoint", body = String, content_type = "text/plain"))
)]
pub async fn checkpoint(State(service): State<Arc<Service>>) -> Response {
    let text = service.ledger.checkpoint().await;
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, CHANGING),
    ];
    (headers, text).into_response()
}

/// 日志分片 A tile of the log, or the facts beside one (C2SP tlog-tiles).
///
/// `level` is 0 to 7, or `entries` for the facts; `index` has three digits, above 999 in several parts
/// (`x001/x234/067`), and `.p/W` behind it for the first W of 256. A tile that the log does not reach yet is not there.
#[utoipa::path(
    get,
    path = "/tile/{level}/{index}",
    tag = "log",
    params(
        ("level" = String, Path, description = "0 to 7, or `entries`"),
        ("index" = String, Path, description = "three digits")
    ),
    responses((status = 200, description = "32 bytes a hash; or each fact behind its length in 16 bits, big-endian", content_type = "application/octet-stream", body = Vec<u8>))
)]
pub async fn tile(State(service): State<Arc<Service>>, address: Uri) -> Response {
    match read(&service, address.path()).await {
        Ok(answer) => answer,
        Err(problem) => ([(CACHE_CONTROL, CHANGING)], problem).into_response(),
    }
}

async fn read(service: &Service, path: &str) -> Result<Response, HttpProblem> {
    let absent = |detail: &str| HttpProblem::new(Problem::NotFound, detail);
    if !service.tiles {
        return Err(absent("the hall does not publish tiles ([publish] tiles)"));
    }
    let asked = path.strip_prefix('/').and_then(TilePath::parse);
    let asked = asked.ok_or_else(|| absent("this is not the path of a tile (C2SP tlog-tiles)"))?;
    let (width, bytes) = match asked {
        TilePath::Hashes(tile) => (tile.width, service.ledger.tile(&tile).await),
        TilePath::Entries(tile) => (tile.width, service.ledger.entry_bundle(&tile).await),
    };
    let bytes = bytes.map_err(failed)?;
    let bytes = bytes.ok_or_else(|| absent("the log does not reach this tile yet"))?;
    let keep = match u64::from(width) == TILE_WIDTH {
        true => IMMUTABLE,
        false => PARTIAL,
    };
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        (CACHE_CONTROL, keep),
    ];
    Ok((headers, bytes).into_response())
}

fn failed(error: LedgerError) -> HttpProblem {
    HttpProblem::new(Problem::StoreFailed, error.to_string())
}
