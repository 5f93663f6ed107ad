//! Whom a blob belongs to: the wraps in its trailer, and those that stand beside it under `wraps/`.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::open::{OpenError, Opened, Trailer};
use super::seal::{Sealed, Wrap, trailer};
use super::write::{ONE_PIECE_BYTES, PART_BYTES, Upload};
use super::{BlobError, Blobs, HEAD_BYTES, Tried, address, sealed_name};
use crate::domain::{CaseNo, Digest};
use crate::store::case_keys::owner_text;
use crate::store::keys::{OwnerKey, random_bytes};

/// The folder of wraps that were added to stored blobs.
const WRAPS_FOLDER: &str = "wraps";
/// How the owner of the hall's wraps is written.
const HALL_PREFIX: &str = "master:";

impl Blobs {
    /// Makes a stored blob belong to `case` besides those it belongs to already.
    pub async fn share(&self, digest: &Digest, case: &CaseNo) -> Result<(), BlobError> {
        let owner = self.ring.owner(Some(case)).await?;
        self.ensure_owner(digest, &owner).await
    }

    /// Makes a stored blob belong to the hall besides those it belongs to already: no erasure reaches it then.
    pub async fn share_with_hall(&self, digest: &Digest) -> Result<(), BlobError> {
        let owner = self.ring.owner(None).await?;
        self.ensure_owner(digest, &owner).await
    }

    /// Makes a stored blob belong to `case` and no longer to the hall. Whoever calls it knows that nothing but cases
    /// refers to the blob. At every instant the case can read it; repeating a call that failed is safe.
    pub async fn entrust(&self, digest: &Digest, case: &CaseNo) -> Result<(), BlobError> {
        self.entrust_from(digest, case, &BTreeSet::new()).await
    }

    /// The same, and no longer to the cases that it has left.
    pub async fn entrust_from(
        &self,
        digest: &Digest,
        case: &CaseNo,
        left: &BTreeSet<CaseNo>,
    ) -> Result<(), BlobError> {
        let owner = self.ring.owner(Some(case)).await?;
        let left: Vec<String> = left.iter().map(owner_text).collect();
        let goes = |other: &str| is_hall(other) || left.iter().any(|left| left == other);
        self.ensure_owner(digest, &owner).await?;
        let found = self.read_trailer(digest).await?;
        if found.wraps.iter().any(|wrap| goes(&wrap.owner)) {
            let opened = self.unlock(digest, &found).await?;
            let mut wraps = found.wraps.clone();
            wraps.retain(|wrap| !goes(&wrap.owner) && wrap.owner != owner.owner);
            wraps.push(new_wrap(digest, &opened, &owner)?);
            self.replace_trailer(digest, &found, &wraps).await?;
        }
        let left: Vec<Path> = left
            .iter()
            .map(|owner| wrap_location(digest, owner))
            .collect();
        for location in self.wraps_beside(digest).await? {
            if location.filename().is_some_and(is_hall) || left.contains(&location) {
                delete(self.objects.as_ref(), &location).await?;
            }
        }
        Ok(())
    }

    /// Unwraps the data key by whatever wrap there is a key for.
    pub(super) async fn unlock(
        &self,
        digest: &Digest,
        trailer: &Trailer,
    ) -> Result<Opened, BlobError> {
        let name = sealed_name(digest);
        let failed = |error| self.not_opened(digest, error);
        let mut tried = Tried::default();
        if let Some(opened) = self
            .ring
            .open(trailer, &name, &mut tried)
            .await
            .map_err(failed)?
        {
            return Ok(opened);
        }
        for location in self.wraps_beside(digest).await? {
            let Some(wrap) = self.wrap_beside(&location).await? else {
                continue;
            };
            let opened = self.ring.open_beside(trailer, &wrap, &name, &mut tried);
            if let Some(opened) = opened.await.map_err(failed)? {
                return Ok(opened);
            }
        }
        Err(failed(tried.verdict()))
    }

    /// Adds a wrap for `owner` where there is none that opens.
    pub(super) async fn ensure_owner(
        &self,
        digest: &Digest,
        owner: &OwnerKey,
    ) -> Result<(), BlobError> {
        let name = sealed_name(digest);
        let trailer = self.read_trailer(digest).await?;
        for wrap in &trailer.wraps {
            // The hall may own it by an older master key.
            let same = wrap.owner == owner.owner || is_hall(&wrap.owner) && is_hall(&owner.owner);
            let mut tried = Tried::default();
            if same
                && let Some(key) = self.key_of(digest, wrap, &mut tried).await?
                && trailer.unwrap(wrap, &key.key, &name).is_some()
            {
                return Ok(());
            }
        }
        let location = wrap_location(digest, &owner.owner);
        if let Some(wrap) = self.wrap_beside(&location).await?
            && wrap.owner == owner.owner
            && trailer.unwrap(&wrap, &owner.key, &name).is_some()
        {
            return Ok(());
        }
        let opened = self.unlock(digest, &trailer).await?;
        let wrap = new_wrap(digest, &opened, owner)?;
        self.objects.put(&location, wrap.to_object().into()).await?;
        Ok(())
    }

    /// Before a damaged object is replaced by `sealed`, whose trailer names `first`: whoever else it belonged to gets a
    /// wrap of the new one. Where its trailer cannot be read nobody knows whether it was the hall's, so the hall gets
    /// one too.
    pub(super) async fn carry_owners(
        &self,
        digest: &Digest,
        sealed: &Sealed,
        first: &OwnerKey,
    ) -> Result<(), BlobError> {
        let mut wraps = Vec::new();
        for location in self.wraps_beside(digest).await? {
            wraps.extend(self.wrap_beside(&location).await?);
        }
        let hall = match self.read_trailer(digest).await {
            Ok(trailer) => {
                let hall = trailer.wraps.iter().any(|wrap| is_hall(&wrap.owner));
                wraps.extend(trailer.wraps);
                hall
            }
            Err(BlobError::Damaged { .. }) => true,
            Err(error) => return Err(error),
        };
        let mut owners = Vec::new();
        if hall || wraps.iter().any(|wrap| is_hall(&wrap.owner)) {
            owners.push(self.ring.masters().current_owner());
        }
        wraps.retain(|wrap| !is_hall(&wrap.owner));
        wraps.sort_by(|left, right| left.owner.cmp(&right.owner));
        wraps.dedup_by(|left, right| left.owner == right.owner);
        for wrap in &wraps {
            // An erased case, or one whose key is lost, could not read the damaged blob either.
            let mut tried = Tried::default();
            owners.extend(self.key_of(digest, wrap, &mut tried).await?);
        }
        owners.retain(|owner| owner.owner != first.owner);
        let name = sealed_name(digest);
        for owner in owners {
            let wrap = sealed
                .face
                .wrap(&name, &sealed.data_key, &owner, random_bytes()?);
            let Some(wrap) = wrap else { continue };
            let location = wrap_location(digest, &owner.owner);
            self.objects.put(&location, wrap.to_object().into()).await?;
        }
        Ok(())
    }

    async fn key_of(
        &self,
        digest: &Digest,
        wrap: &Wrap,
        tried: &mut Tried,
    ) -> Result<Option<OwnerKey>, BlobError> {
        let found = self.ring.key_of(wrap, tried).await;
        found.map_err(|error| self.not_opened(digest, error))
    }

    /// Where the wraps beside a blob stand.
    async fn wraps_beside(&self, digest: &Digest) -> Result<Vec<Path>, BlobError> {
        let folder = wraps_folder(digest);
        let listed = self.objects.list(Some(&folder));
        let found: Vec<_> = listed.map_ok(|meta| meta.location).try_collect().await?;
        Ok(found)
    }

    /// Reads a wrap beside a blob; none when there is none. A damaged one opens nothing, so it counts as none.
    async fn wrap_beside(&self, location: &Path) -> Result<Option<Wrap>, BlobError> {
        let object = match self.objects.get(location).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            other => other?.bytes().await?,
        };
        let wrap = Wrap::from_object(&object);
        if wrap.is_none() {
            tracing::warn!(%location, "a key wrap is damaged and is passed over");
        }
        Ok(wrap)
    }

    /// Writes the object again with other wraps; its chunks stay as they are.
    async fn replace_trailer(
        &self,
        digest: &Digest,
        old: &Trailer,
        wraps: &[Wrap],
    ) -> Result<(), BlobError> {
        let location = address(digest);
        let meta = self
            .objects
            .head(&location)
            .await
            .map_err(|error| BlobError::reading(digest, error))?;
        let body = meta.size.saturating_sub(old.bytes as u64);
        let end = trailer(&old.face, wraps);
        if body <= ONE_PIECE_BYTES {
            let mut object = self.body(digest, 0..body).await?;
            self.check_front(digest, &object, old)?;
            object.extend_from_slice(&end);
            self.objects.put(&location, object.into()).await?;
            return Ok(());
        }
        let mut upload = Upload::begin(self).await?;
        let copied = self.copy_body(digest, old, body, end, &mut upload).await;
        let moved = match copied {
            Ok(()) => self.objects.rename(&upload.location, &location).await,
            Err(error) => {
                upload.abandon(self).await;
                return Err(error);
            }
        };
        if moved.is_err() {
            upload.abandon(self).await;
        }
        Ok(moved?)
    }

    async fn copy_body(
        &self,
        digest: &Digest,
        old: &Trailer,
        body: u64,
        end: Vec<u8>,
        upload: &mut Upload,
    ) -> Result<(), BlobError> {
        let mut from = 0;
        // The last part, which alone may be short, takes the trailer.
        while body - from > PART_BYTES as u64 {
            let to = from + PART_BYTES as u64;
            let part = self.body(digest, from..to).await?;
            if from == 0 {
                self.check_front(digest, &part, old)?;
            }
            upload.send(part).await?;
            from = to;
        }
        let mut part = self.body(digest, from..body).await?;
        part.extend_from_slice(&end);
        upload.send(part).await?;
        upload.complete().await
    }

    async fn body(
        &self,
        digest: &Digest,
        range: std::ops::Range<u64>,
    ) -> Result<Vec<u8>, BlobError> {
        let length = range.end - range.start;
        let bytes = self
            .objects
            .get_range(&address(digest), range)
            .await
            .map_err(|error| BlobError::reading(digest, error))?;
        if bytes.len() as u64 != length {
            return Err(self.not_opened(digest, OpenError::Damaged("it was cut")));
        }
        Ok(bytes.into())
    }

    /// Another writer may have replaced the object since its trailer was read: then the chunks are another's.
    fn check_front(&self, digest: &Digest, front: &[u8], old: &Trailer) -> Result<(), BlobError> {
        if front.get(..HEAD_BYTES) == Some(old.face.head.as_slice()) {
            return Ok(());
        }
        Err(self.not_opened(digest, OpenError::Damaged("its head was altered")))
    }
}

fn is_hall(owner: &str) -> bool {
    owner.starts_with(HALL_PREFIX)
}

fn new_wrap(digest: &Digest, opened: &Opened, owner: &OwnerKey) -> Result<Wrap, BlobError> {
    let name = sealed_name(digest);
    let wrap = opened
        .face()
        .wrap(&name, opened.data_key(), owner, random_bytes()?);
    wrap.ok_or(BlobError::Damaged {
        digest: *digest,
        reason: "its data key cannot be wrapped",
    })
}

async fn delete(objects: &dyn ObjectStore, location: &Path) -> Result<(), BlobError> {
    match objects.delete(location).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn wraps_folder(digest: &Digest) -> Path {
    let hex = digest.to_string();
    Path::from(format!("{WRAPS_FOLDER}/{}/{}/{hex}", &hex[..2], &hex[2..4]))
}

fn wrap_location(digest: &Digest, owner: &str) -> Path {
    wraps_folder(digest).join(owner)
}
