//! The HTTP face. This file is the table of contents: one route a line, one file a resource. Handlers translate
//! between HTTP and the use cases and decide nothing themselves; every error goes through `problem`.

pub mod accounts;
pub mod actions;
pub mod audit;
pub mod authorisations;
pub mod blanks;
pub mod body;
pub mod bundles;
pub mod calendar;
pub mod cases;
pub mod catalogue;
pub mod containers;
pub mod departments;
pub mod documents;
pub mod door;
pub mod erasure;
pub mod events;
pub mod extract;
pub mod files;
pub mod forms;
pub mod health;
pub mod inventories;
pub mod losses;
pub mod meanings;
pub mod openapi;
pub mod packages;
pub mod papers;
pub mod platform;
pub mod problem;
pub mod progress;
pub mod publishing;
pub mod reconciliation;
pub mod refiling;
pub mod scans;
pub mod search;
pub mod session;
pub mod signing;
pub mod sites;
pub mod slips;
pub mod sso;
pub mod staff;
pub mod stocks;
pub mod stocktakes;
pub mod tickets;
pub mod tiles;
pub mod tokens;
pub mod transfers;
pub mod trays;
pub mod versions;
pub mod visits;
pub mod witnesses;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{get, put};
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::door::Signed;
use self::problem::HttpProblem;
use crate::counter::Counter;
use crate::domain::{Problem, Subject};
use crate::ledger::Ledger;
use crate::people::{Backoff, People};
use crate::pipeline::receive::Receiver;
use crate::platform::Platform;
use crate::records::Records;
use crate::records::erasure::Eraser;
use crate::records::export::Exporter;
use crate::search::SearchView;
use crate::store::catalog::Catalog;
use crate::store::lists::{Listed, Page};
use crate::store::read_log::{ReadKind, ReadLog};
use crate::transfer::Packer;

/// What the handlers need.
pub struct Service {
    /// The use cases of the window.
    pub counter: Counter,
    /// The people who work here, with their sessions.
    pub people: People,
    /// The city platform, where one is configured.
    pub platform: Option<Arc<Platform>>,
    /// Who read what.
    pub reads: ReadLog,
    /// Takes scans in.
    pub receiver: Receiver,
    /// Reads them.
    pub records: Records,
    /// Makes files of what was read.
    pub exporter: Exporter,
    /// Makes the packages of transfers.
    pub packer: Packer,
    /// Erases what may be erased.
    pub eraser: Arc<Eraser>,
    /// The full text.
    pub search: SearchView,
    /// The log, for its size and checkpoint.
    pub ledger: Arc<Ledger>,
    /// How long its appends take.
    pub appends: Arc<health::AppendTimes>,
    /// The lists.
    pub catalog: Arc<dyn Catalog>,
    /// The pipeline of an upload that names none.
    pub default_pipeline: crate::domain::PipelineName,
    /// The pipelines there are.
    pub pipelines: crate::pipeline::Pipelines,
    /// Uploads at the same time; more are told to come back.
    pub uploads: Arc<Semaphore>,
    /// Event streams at the same time.
    pub streams: Arc<Semaphore>,
    /// What is counted.
    pub metrics: health::Metrics,
    /// The upload token of this machine.
    pub token: door::Token,
    /// Whether the hall is served over TLS, so that cookies travel over nothing else.
    pub secure_cookies: bool,
    /// Whether the log's tiles are published.
    pub tiles: bool,
    /// Wrong codes of applicants.
    pub lookups: Mutex<Backoff>,
}

impl Service {
    async fn list(&self, list: &str, page: &Page) -> Result<Vec<Listed>, HttpProblem> {
        let listed = self.catalog.listed(list, page).await;
        listed.map_err(|error| HttpProblem::new(Problem::StoreFailed, error.to_string()))
    }

    /// How many facts a subject has, for its `ETag`.
    async fn version(&self, subject: Subject) -> Result<u32, HttpProblem> {
        let history = self.counter.history(&subject).await?;
        Ok(u32::try_from(history.len()).unwrap_or(u32::MAX))
    }

    /// Notes a read. What cannot be noted is not shown.
    fn note(
        &self,
        signed: &Signed,
        subject: &Subject,
        kind: ReadKind,
        purpose: Option<&str>,
    ) -> Result<(), HttpProblem> {
        let now = self.counter.clock.now();
        let noted = self
            .reads
            .note(now, &signed.caller.actor, subject, kind, purpose);
        noted.map_err(|error| {
            tracing::error!(%error, "the log of reads cannot be written; nothing is shown until it can");
            HttpProblem::new(Problem::StoreFailed, "the log of reads cannot be written")
        })
    }

    fn lookups(&self) -> MutexGuard<'_, Backoff> {
        self.lookups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The people who work here.
fn people() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(sso::start))
        .routes(routes!(sso::callback))
        .routes(routes!(signing::own, signing::enrol, signing::revoke))
        .routes(routes!(signing::challenge))
        .routes(routes!(signing::of_staff))
        .routes(routes!(signing::verify))
        .routes(routes!(staff::list, staff::enrol))
        .routes(routes!(staff::show))
        .routes(routes!(accounts::act))
        .routes(routes!(accounts::recover))
        .routes(routes!(accounts::offboard))
        .routes(routes!(tokens::list, tokens::issue))
}

/// How the hall is set up, what it offers, and who read what.
fn hall() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(versions::list, versions::propose))
        .routes(routes!(versions::publish))
        .routes(routes!(versions::enter))
        .routes(routes!(versions::withdraw))
        .routes(routes!(publishing::import))
        .routes(routes!(publishing::export))
        .routes(routes!(publishing::compare))
        .routes(routes!(publishing::compared))
        .routes(routes!(sites::list))
        .routes(routes!(sites::show))
        .routes(routes!(sites::act))
        .routes(routes!(sites::load))
        .routes(routes!(departments::list))
        .routes(routes!(departments::show))
        .routes(routes!(departments::act))
        .routes(routes!(authorisations::list))
        .routes(routes!(authorisations::show))
        .routes(routes!(authorisations::revoke))
        .routes(routes!(calendar::show))
        .routes(routes!(calendar::extend))
        .routes(routes!(audit::reads))
        .routes(routes!(witnesses::list, witnesses::enrol))
        .routes(routes!(witnesses::show))
        .routes(routes!(witnesses::retire))
        .routes(routes!(witnesses::cosignatures, witnesses::cosign))
        .routes(routes!(witnesses::checkpoint))
        .routes(routes!(witnesses::consistency))
}

/// Paper: who holds it, how it is handed over, and the monthly transfer.
fn paper() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(bundles::list))
        .routes(routes!(bundles::show))
        .routes(routes!(bundles::add))
        .routes(routes!(bundles::discrepancies))
        .routes(routes!(bundles::discrepancy))
        .routes(routes!(bundles::clear))
        .routes(routes!(refiling::refile))
        .routes(routes!(stocktakes::show, stocktakes::open))
        .routes(routes!(stocktakes::register))
        .routes(routes!(stocktakes::close))
        .routes(routes!(inventories::list, inventories::open))
        .routes(routes!(inventories::show))
        .routes(routes!(inventories::scan))
        .routes(routes!(inventories::draft))
        .routes(routes!(inventories::close))
        .routes(routes!(losses::show))
        .routes(routes!(losses::report))
        .routes(routes!(losses::search))
        .routes(routes!(losses::document))
        .routes(routes!(losses::approve))
        .routes(routes!(losses::decline))
        .routes(routes!(losses::found_document))
        .routes(routes!(losses::found))
        .routes(routes!(losses::take_back))
        .routes(routes!(slips::list, slips::offer))
        .routes(routes!(slips::draft))
        .routes(routes!(slips::show))
        .routes(routes!(slips::draft_outcome))
        .routes(routes!(slips::receive))
        .routes(routes!(slips::end))
        .routes(routes!(slips::carry))
        .routes(routes!(slips::check))
        .routes(routes!(slips::draft_check))
        .routes(routes!(containers::list, containers::make))
        .routes(routes!(containers::show))
        .routes(routes!(containers::content))
        .routes(routes!(containers::act))
        .routes(routes!(transfers::list, transfers::open))
        .routes(routes!(transfers::show))
        .routes(routes!(transfers::reconcile))
        .routes(routes!(transfers::defer))
        .routes(routes!(transfers::months))
        .routes(routes!(transfers::on_time))
        .routes(routes!(transfers::on_time_everywhere))
        .routes(routes!(packages::seal))
        .routes(routes!(packages::package))
        .routes(routes!(packages::accept, packages::accepted))
        .routes(routes!(packages::checks))
        .routes(routes!(papers::label))
        .routes(routes!(papers::labels))
        .routes(routes!(papers::sheet))
        .routes(routes!(papers::register))
}

fn described() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::with_openapi(openapi::beginning())
        .routes(routes!(session::show, session::sign_in, session::sign_out))
        .routes(routes!(session::recover))
        .routes(routes!(session::show_code))
        .routes(routes!(session::prove_password))
        .routes(routes!(session::set_password))
        .routes(routes!(session::begin_totp, session::finish_totp))
        .routes(routes!(session::begin_passkey, session::show_passkey))
        .routes(routes!(
            session::begin_passkey_enrolment,
            session::finish_passkey_enrolment
        ))
        .routes(routes!(catalogue::items))
        .routes(routes!(catalogue::item))
        .routes(routes!(stocks::show))
        .routes(routes!(stocks::receive))
        .routes(routes!(blanks::print))
        .routes(routes!(blanks::pdf))
        .routes(routes!(visits::open))
        .routes(routes!(visits::show))
        .routes(routes!(visits::act))
        .routes(routes!(visits::list))
        .routes(routes!(cases::list, cases::open))
        .routes(routes!(platform::import))
        .routes(routes!(platform::number))
        .routes(routes!(cases::show))
        .routes(routes!(cases::reveal))
        .routes(routes!(cases::facts))
        .routes(routes!(cases::events))
        .routes(routes!(search::case))
        .routes(routes!(trays::site))
        .routes(routes!(trays::department))
        .routes(routes!(erasure::erase))
        .routes(routes!(actions::materials))
        .routes(routes!(actions::intake))
        .routes(routes!(actions::dispatch))
        .routes(routes!(actions::review))
        .routes(routes!(actions::result))
        .routes(routes!(actions::ending))
        .routes(routes!(actions::rating))
        .routes(routes!(documents::keep))
        .routes(routes!(documents::show))
        .routes(routes!(files::scan))
        .routes(routes!(files::thumbnail))
        .routes(routes!(files::case))
        .routes(routes!(forms::list, forms::print))
        .routes(routes!(forms::pdf))
        .routes(routes!(forms::unsigned))
        .routes(routes!(tickets::list, tickets::open))
        .routes(routes!(tickets::show))
        .routes(routes!(tickets::act))
        .routes(routes!(tickets::print_slip))
        .routes(routes!(tickets::slip))
        .routes(routes!(reconciliation::compare))
        .routes(routes!(progress::look_up))
        .routes(routes!(meanings::show))
        .routes(routes!(scans::pages))
        .routes(routes!(tiles::checkpoint))
        .routes(routes!(tiles::tile))
        .merge(people())
        .merge(hall())
        .merge(paper())
}

/// Every route there is.
pub fn router(service: Arc<Service>) -> Router {
    let (described, api) = described().split_for_parts();
    let api = openapi::with_problems(api).to_json().unwrap_or_default();
    let api = bytes::Bytes::from(api);
    let description = Router::new()
        .route("/api/v1/openapi.json", get(openapi::show))
        .with_state(api);
    Router::new()
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route(
            "/api/v1/scans/{sha256}",
            put(scans::upload).get(scans::show),
        )
        .route("/api/v1/checkpoint", get(tiles::checkpoint))
        .route("/tile/{level}/{index}/{*rest}", get(tiles::tile))
        .merge(described)
        .fallback(health::nothing_here)
        .method_not_allowed_fallback(health::wrong_method)
        .with_state(service)
        .merge(description)
}
