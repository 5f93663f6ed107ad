//! Writing blobs. A short one is held and put in one piece; a long one goes in parts to `incoming/` and is
//! moved to its address once its digest is known. However long the stream is, at most the sealed bytes of
//! [`ONE_PIECE_BYTES`] and one batch, or of two parts and one batch, are held.

use bytes::Bytes;
use futures::{Stream, StreamExt};
use object_store::path::Path;
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, RenameOptions,
    RenameTargetMode,
};

use super::seal::{SealChance, SealError, Sealed, Sealer};
use super::{BlobError, Blobs, INCOMING_FOLDER, Stored, address, off_thread, sealed_name};
use crate::domain::Digest;
use crate::domain::digest::TwinHasher;
use crate::store::keys::{OwnerKey, random_bytes};

/// Plain bytes up to which a blob is written in one piece.
pub(super) const ONE_PIECE_BYTES: u64 = 8 * 1024 * 1024;
/// Sealed bytes of a part: the least that S3 allows. All but the last are equal, as some services ask.
pub(super) const PART_BYTES: usize = 5 * 1024 * 1024;
/// Bytes that are hashed and sealed in one go away from the request threads.
const BATCH_BYTES: usize = 1024 * 1024;

/// What stands at an address.
enum Standing {
    Absent,
    Sound,
    Damaged,
    /// Those it belonged to were erased: whoever stores the bytes now begins anew.
    Erased,
}

impl Blobs {
    /// Stores bytes at hand. See [`Blobs::put_stream`].
    pub async fn put(&self, bytes: &[u8]) -> Result<Stored, BlobError> {
        let whole = Ok(Bytes::copy_from_slice(bytes));
        let stream = futures::stream::iter([whole]);
        self.put_stream(stream, None, bytes.len() as u64).await
    }

    /// Stores a stream, hashing it with SHA-256 and SM3 while it is sealed. When it returns, the blob is as
    /// durable as the store makes it (`file:` syncs file and folders).
    ///
    /// A stream that is longer than `bytes_max`, breaks off, or has another digest than `announced` leaves no
    /// blob behind. Bytes that are stored already are not written again, unless the stored object is damaged:
    /// then it is replaced. Either way the blob then belongs to the cases of this handle, or to the hall, besides
    /// those it belonged to before. Repeating a call that failed is safe.
    pub async fn put_stream<S>(
        &self,
        stream: S,
        announced: Option<Digest>,
        bytes_max: u64,
    ) -> Result<Stored, BlobError>
    where
        S: Stream<Item = std::io::Result<Bytes>> + Unpin + Send,
    {
        let owner = self.ring.owner(self.cases.first()).await?;
        let mut upload = None;
        let put = self
            .put_parts(stream, announced, bytes_max, &owner, &mut upload)
            .await;
        match put {
            Ok(stored) => {
                if stored.existed {
                    self.ensure_owner(&stored.digest, &owner).await?;
                }
                for case in self.cases.iter().skip(1) {
                    self.share(&stored.digest, case).await?;
                }
                Ok(stored)
            }
            Err(error) => {
                if let Some(mut upload) = upload {
                    upload.abandon(self).await;
                }
                Err(error)
            }
        }
    }

    async fn put_parts<S>(
        &self,
        mut stream: S,
        announced: Option<Digest>,
        bytes_max: u64,
        owner: &OwnerKey,
        upload: &mut Option<Upload>,
    ) -> Result<Stored, BlobError>
    where
        S: Stream<Item = std::io::Result<Bytes>> + Unpin + Send,
    {
        let mut intake = Intake::begin()?;
        let mut batch = Vec::new();
        let mut batched = 0usize;
        let mut total = 0u64;
        while let Some(piece) = stream.next().await {
            let mut piece = piece.map_err(BlobError::Stream)?;
            total = total.saturating_add(piece.len() as u64);
            if total > bytes_max {
                return Err(BlobError::TooLarge { bytes_max });
            }
            while !piece.is_empty() {
                let taken = piece.split_to(piece.len().min(BATCH_BYTES - batched));
                batched += taken.len();
                batch.push(taken);
                if batched < BATCH_BYTES {
                    continue;
                }
                batched = 0;
                intake = intake.absorb(std::mem::take(&mut batch)).await?;
                if total > ONE_PIECE_BYTES {
                    self.send_full_parts(&mut intake, upload).await?;
                }
            }
        }
        intake = intake.absorb(batch).await?;
        let Intake { hasher, sealer } = intake;
        let (digest, sm3, bytes) = hasher.finish();
        if let Some(announced) = announced.filter(|announced| *announced != digest) {
            return Err(BlobError::DigestMismatch {
                announced,
                found: digest,
            });
        }
        let mut sealed = sealer
            .finish(&sealed_name(&digest), owner)
            .map_err(|error| not_sealed(error, bytes_max))?;
        let rest = std::mem::take(&mut sealed.rest);
        let existed = match upload {
            None => {
                self.settle_piece(&digest, &sealed, owner, rest.into())
                    .await?
            }
            Some(upload) => {
                upload.send(rest).await?;
                upload.complete().await?;
                let incoming = upload.location.clone();
                self.settle_upload(&digest, &sealed, owner, &incoming)
                    .await?
            }
        };
        Ok(Stored {
            digest,
            sm3,
            bytes,
            existed,
        })
    }

    async fn send_full_parts(
        &self,
        intake: &mut Intake,
        upload: &mut Option<Upload>,
    ) -> Result<(), BlobError> {
        while intake.sealer.sealed_bytes() >= PART_BYTES {
            let part = intake
                .sealer
                .take_front(PART_BYTES, PART_BYTES + 2 * BATCH_BYTES);
            if upload.is_none() {
                *upload = Some(Upload::begin(self).await?);
            }
            if let Some(upload) = upload {
                upload.send(part).await?;
            }
        }
        Ok(())
    }

    /// Puts a sealed object at its address if no sound one is there. Returns whether one was.
    async fn settle_piece(
        &self,
        digest: &Digest,
        sealed: &Sealed,
        owner: &OwnerKey,
        object: PutPayload,
    ) -> Result<bool, BlobError> {
        let location = address(digest);
        if self.create_refuses {
            let created = self
                .objects
                .put_opts(&location, object.clone(), PutOptions::from(PutMode::Create))
                .await;
            match created {
                Ok(_) => return Ok(false),
                Err(error) if already_there(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        match self.standing(digest).await? {
            Standing::Sound => return Ok(true),
            Standing::Damaged => self.carry_owners(digest, sealed, owner).await?,
            Standing::Absent | Standing::Erased => {}
        }
        self.objects.put(&location, object).await?;
        Ok(false)
    }

    /// Moves a completed upload to its address if no sound object is there. Returns whether one was.
    async fn settle_upload(
        &self,
        digest: &Digest,
        sealed: &Sealed,
        owner: &OwnerKey,
        incoming: &Path,
    ) -> Result<bool, BlobError> {
        let location = address(digest);
        if self.create_refuses {
            let options = RenameOptions::new().with_target_mode(RenameTargetMode::Create);
            let moved = self.objects.rename_opts(incoming, &location, options).await;
            match moved {
                Ok(()) => return Ok(false),
                Err(error) if already_there(&error) || not_offered(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        match self.standing(digest).await? {
            Standing::Sound => {
                self.objects.delete(incoming).await?;
                return Ok(true);
            }
            Standing::Damaged => self.carry_owners(digest, sealed, owner).await?,
            Standing::Absent | Standing::Erased => {}
        }
        self.objects.rename(incoming, &location).await?;
        Ok(false)
    }

    /// Looks whether what stands at the address is sound. An object sealed for keys that are not at hand is an
    /// error: replacing it would take it from those who hold them.
    async fn standing(&self, digest: &Digest) -> Result<Standing, BlobError> {
        match self.verify(digest).await {
            Ok(_) => Ok(Standing::Sound),
            Err(BlobError::NotFound { .. }) => Ok(Standing::Absent),
            Err(BlobError::Erased { .. }) => Ok(Standing::Erased),
            Err(BlobError::Damaged { reason, .. }) => {
                tracing::warn!(%digest, reason, "a damaged blob is replaced by a sound one");
                Ok(Standing::Damaged)
            }
            Err(error) => Err(error),
        }
    }
}

/// A stream being hashed and sealed.
struct Intake {
    hasher: TwinHasher,
    sealer: Sealer,
}

impl Intake {
    fn begin() -> Result<Self, BlobError> {
        Ok(Self {
            hasher: TwinHasher::default(),
            sealer: Sealer::new(SealChance::draw()?),
        })
    }

    async fn absorb(mut self, batch: Vec<Bytes>) -> Result<Self, BlobError> {
        off_thread(move || {
            for piece in batch {
                self.hasher.update(&piece);
                self.sealer.push(&piece)?;
            }
            Ok(self)
        })
        .await?
        .map_err(|error| not_sealed(error, u64::MAX))
    }
}

/// A multipart upload under a random name in `incoming/`.
pub(super) struct Upload {
    pub(super) location: Path,
    parts: Box<dyn MultipartUpload>,
    completed: bool,
}

impl Upload {
    pub(super) async fn begin(blobs: &Blobs) -> Result<Self, BlobError> {
        let name = hex::encode(random_bytes::<16>()?);
        let location = Path::from(format!("{INCOMING_FOLDER}/{name}"));
        let parts = blobs.objects.put_multipart(&location).await?;
        Ok(Self {
            location,
            parts,
            completed: false,
        })
    }

    pub(super) async fn send(&mut self, part: Vec<u8>) -> Result<(), BlobError> {
        Ok(self.parts.put_part(part.into()).await?)
    }

    pub(super) async fn complete(&mut self) -> Result<(), BlobError> {
        // Set first: a completion reported as failed may have been applied.
        self.completed = true;
        self.parts.complete().await?;
        Ok(())
    }

    /// Removes what was written. What cannot be removed now, the sweep removes later.
    pub(super) async fn abandon(&mut self, blobs: &Blobs) {
        if !self.completed && self.parts.abort().await.is_ok() {
            return;
        }
        match blobs.objects.delete(&self.location).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => tracing::warn!(%error, "an abandoned upload waits for the sweep"),
        }
    }
}

fn already_there(error: &object_store::Error) -> bool {
    matches!(
        error,
        object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }
    )
}

fn not_offered(error: &object_store::Error) -> bool {
    matches!(
        error,
        object_store::Error::NotSupported { .. } | object_store::Error::NotImplemented { .. }
    )
}

fn not_sealed(error: SealError, bytes_max: u64) -> BlobError {
    match error {
        SealError::TooLong => BlobError::TooLarge { bytes_max },
        SealError::Random(error) => BlobError::Random(error),
    }
}
