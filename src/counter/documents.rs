//! Documents and captured signatures that are handed in as files and kept with a case. An order that names one by its
//! digest is refused unless it was handed in for that very case: otherwise a signature could be one that nobody made.

use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::change::fold_case;
use super::issue::RouteOrder;
use super::{
    Ask, Counter, CounterError, EndingOrder, IntakeOrder, Refusal, ResultOrder, ReviewOrder, about,
};
use crate::domain::case::{self, CaseState, KeptDocument};
use crate::domain::event::FileFormat;
use crate::domain::{CaseNo, Digest, Problem};
use crate::imaging::sniff::{HEAD_BYTES, sniff};

/// Most bytes of a document or signature.
pub const DOCUMENT_BYTES_MAX: usize = 20 * 1024 * 1024;

/// A document that is kept with a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentView {
    /// SHA-256 of its bytes, by which orders name it.
    pub digest: String,
    /// `pdf`, `png`, `jpeg` or `tiff`, told by its content.
    pub format: String,
    /// Its length.
    pub bytes: u64,
}

impl Counter {
    /// Keeps a document with a case; the same bytes again are the same document.
    pub async fn keep_document(
        &self,
        ask: &Ask,
        no: &CaseNo,
        bytes: Bytes,
    ) -> Result<DocumentView, CounterError> {
        let (format, name) = told(&bytes)?;
        let by = ask.staff()?;
        self.case(no).await?;
        let stored = self.blobs.for_case(no).put(&bytes).await?;
        let document = KeptDocument {
            digest: stored.digest,
            format,
            bytes: stored.bytes,
            by,
        };
        self.done(ask, &about(no), |history, _, _| {
            let case = fold_case(no, history)?;
            Ok(case::keep_document(&case, document.clone())?)
        })
        .await?;
        Ok(DocumentView {
            digest: stored.digest.to_string(),
            format: name.to_owned(),
            bytes: stored.bytes,
        })
    }

    /// A document of the case, and its media type. One of another case is none.
    pub async fn document(
        &self,
        no: &CaseNo,
        digest: &Digest,
    ) -> Result<(&'static str, Bytes), CounterError> {
        let (case, _) = self.case(no).await?;
        if !case.documents.contains(digest) {
            return Err(CounterError::NotFound(format!(
                "document {digest} of case {no}"
            )));
        }
        let bytes = self.blobs.get(digest, DOCUMENT_BYTES_MAX as u64).await?;
        let kind = match told(&bytes)?.0 {
            FileFormat::Pdf => "application/pdf",
            FileFormat::Png => "image/png",
            FileFormat::Jpeg => "image/jpeg",
            _ => "image/tiff",
        };
        Ok((kind, bytes))
    }
}

/// What the bytes are, told by their beginning and never by what the sender says.
fn told(bytes: &[u8]) -> Result<(FileFormat, &'static str), CounterError> {
    let plain = |problem, detail: &str| CounterError::Plain {
        problem,
        detail: detail.to_owned(),
    };
    if bytes.is_empty() {
        return Err(plain(Problem::EmptyFile, "the body is empty"));
    }
    match sniff(bytes.get(..HEAD_BYTES).unwrap_or(bytes)) {
        Ok(FileFormat::Pdf) => Ok((FileFormat::Pdf, "pdf")),
        Ok(FileFormat::Png) => Ok((FileFormat::Png, "png")),
        Ok(FileFormat::Jpeg) => Ok((FileFormat::Jpeg, "jpeg")),
        Ok(FileFormat::Tiff) => Ok((FileFormat::Tiff, "tiff")),
        Ok(_) => Err(plain(
            Problem::UnsupportedFormat,
            "a document or signature is PDF, PNG, JPEG or TIFF",
        )),
        Err(foreign) => Err(plain(
            Problem::UnsupportedFormat,
            &format!("the content is {foreign}; a document or signature is PDF, PNG, JPEG or TIFF"),
        )),
    }
}

/// A field of an order, and the digest it names.
pub(super) type Named<'o> = (&'static str, Option<&'o Digest>);

impl IntakeOrder {
    /// The documents and signatures it names.
    pub(super) fn named(&self) -> [Named<'_>; 1] {
        [match self {
            Self::Defer { signature, .. } => ("signature", Some(signature)),
            Self::NotifyCorrection { signature, .. } => ("signature", signature.as_ref()),
            Self::Supplement { meet, .. } => ("meet.evidence", meet.evidence.as_ref()),
            _ => ("signature", None),
        }]
    }
}

impl ReviewOrder {
    /// The documents and signatures it names.
    pub(super) fn named(&self) -> [Named<'_>; 1] {
        let document = match self {
            Self::AuthorityDecision { document, .. } | Self::Decide { document, .. } => {
                Some(document)
            }
            _ => None,
        };
        [("document", document)]
    }
}

impl ResultOrder {
    /// The documents and signatures it names.
    pub(super) fn named(&self) -> [Named<'_>; 3] {
        let none = ("content", None);
        match self {
            Self::Obtain { route, content, .. } => {
                let (given, taken) = match route {
                    RouteOrder::HandedOver { given, taken } => (Some(given), Some(taken)),
                    RouteOrder::Platform {} | RouteOrder::DepartmentSystem {} => (None, None),
                };
                [
                    ("content", Some(content)),
                    ("route.given.digest", given.map(|given| &given.digest)),
                    ("route.taken.digest", taken.map(|taken| &taken.digest)),
                ]
            }
            Self::HandOut { signature, .. } => [("signature", Some(signature)), none, none],
            Self::Post { .. } | Self::EndPost { .. } | Self::Chase { .. } => [none, none, none],
        }
    }
}

impl EndingOrder {
    /// The documents and signatures it names.
    pub(super) fn named(&self) -> [Named<'_>; 1] {
        let signature = match self {
            Self::Withdraw { signature, .. }
            | Self::ReturnPaper { signature, .. }
            | Self::ReturnOldPaper { signature } => Some(signature),
            Self::Void { .. } | Self::Terminate { .. } => None,
        };
        [("signature", signature)]
    }
}

/// Refuses digests that nobody handed in for this case, each with its field.
pub(super) fn handed_in(case: &CaseState, named: &[Named<'_>]) -> Result<(), CounterError> {
    let unknown = named.iter().filter_map(|(field, digest)| {
        let digest = digest.filter(|digest| !case.documents.contains(digest))?;
        Some(Refusal {
            code: "document-unknown".to_owned(),
            zh: format!("本办件没有摘要为 {digest} 的文件或签名；请先上传到本办件"),
            en: format!("no document or signature {digest} was uploaded for this case; upload it to the case first"),
            field: Some((*field).to_owned()),
        })
    });
    let unknown: Vec<Refusal> = unknown.collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(CounterError::Fields(unknown)),
    }
}
