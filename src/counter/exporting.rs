//! The catalogue out of the ledger again: what stands, as the files that state it.

use super::catalogue::{
    Catalogue, Documents, WantedAuthorisation, WantedChief, WantedDepartment, WantedItem,
    WantedOfficer, WantedSite, WantedSuccession, WantedWindow,
};
use super::{Counter, CounterError};
use crate::domain::catalogue::{ItemState, Letter, Listing};
use crate::domain::hall::{
    AuthorisationState, DepartmentDefinition, DepartmentState, ItemScope, Power, SiteDefinition,
    SiteState,
};
use crate::domain::{Date, Digest, Timestamp};

/// The longest document, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 20 * 1024 * 1024;

impl Counter {
    /// The catalogue as it stands at `now`: every site, department and authorisation, also those that ended, and of
    /// each item the live version with those to come. Importing it elsewhere and exporting again gives the same.
    pub async fn export(&self, now: Timestamp) -> Result<Catalogue, CounterError> {
        let hall = self.hall().await?;
        let mut catalogue = Catalogue::default();
        for code in &hall.sites {
            let state = self.site(code).await?;
            catalogue.sites.push(self.export_site(state).await?);
        }
        // Codes are in order already; a site comes after the one above it.
        catalogue.sites.sort_by_key(|site| site.level);
        for code in &hall.departments {
            let state = self.department(code).await?;
            for id in &state.authorisations {
                let state = self.authorisation(id).await?;
                catalogue.authorisations.push(export_authorisation(state));
            }
            let department = self.export_department(state).await?;
            catalogue.departments.push(department);
        }
        catalogue
            .authorisations
            .sort_by(|one, other| one.id.cmp(&other.id));
        for task in &hall.items {
            let state = self.item(task).await?;
            let items = self.export_item(&state, Date::of(now)).await?;
            catalogue.items.extend(items);
        }
        catalogue.documents = self.documents_of(&catalogue).await?;
        Ok(catalogue)
    }

    async fn export_site(&self, state: SiteState) -> Result<WantedSite, CounterError> {
        let definition = self.definition(&state.definition).await?;
        let windows = state
            .windows
            .into_iter()
            .map(|(code, window)| WantedWindow {
                code,
                plan: window.plan,
                closed: window.closed,
            });
        Ok(WantedSite {
            line: 1,
            level: state.level,
            parent: state.parent,
            definition: readable(SiteDefinition::from_bytes(&definition))?,
            closed: state.closed,
            windows: windows.collect(),
        })
    }

    async fn export_department(
        &self,
        state: DepartmentState,
    ) -> Result<WantedDepartment, CounterError> {
        let definition = self.definition(&state.definition).await?;
        let mut chiefs = Vec::new();
        let mut officers = Vec::new();
        for post in state.posts {
            match (post.chief, post.document) {
                (true, Some(document)) => chiefs.push(WantedChief {
                    staff: post.staff,
                    items: post.decides.unwrap_or(ItemScope::All),
                    from: post.from,
                    until: post.until,
                    document,
                    removed: post.ended,
                }),
                _ => officers.push(WantedOfficer {
                    staff: post.staff,
                    decides: post.decides.is_some(),
                    from: post.from,
                    removed: post.ended,
                }),
            }
        }
        let succession = |(by, from, document)| WantedSuccession { by, from, document };
        Ok(WantedDepartment {
            line: 1,
            definition: readable(DepartmentDefinition::from_bytes(&definition))?,
            chiefs,
            officers,
            succeeded: state.successor.map(succession),
        })
    }

    async fn export_item(
        &self,
        state: &ItemState,
        day: Date,
    ) -> Result<Vec<WantedItem>, CounterError> {
        let live = state.live(day).map_or(0, |(number, _)| number);
        let (entered, withdrawn) = newest_listing(&state.listings);
        let mut items: Vec<WantedItem> = Vec::new();
        for (number, version) in state.versions.range(live..) {
            let first = items.is_empty();
            items.push(WantedItem {
                file: format!("items/{}.v{number}.toml", state.task),
                item: self.service_item(&version.content).await?,
                letter: version.letter.clone(),
                live_from: version.live_from,
                entered: entered.clone().filter(|_| first),
                withdrawn: withdrawn.clone().filter(|_| first),
            });
        }
        Ok(items)
    }

    async fn documents_of(&self, catalogue: &Catalogue) -> Result<Documents, CounterError> {
        let mut named: Vec<Digest> = Vec::new();
        for department in &catalogue.departments {
            named.extend(department.chiefs.iter().map(|chief| chief.document));
            named.extend(department.succeeded.iter().map(|one| one.document));
        }
        for authorisation in &catalogue.authorisations {
            named.push(authorisation.grant.document);
            named.extend(authorisation.revoked.iter().map(|(.., document)| *document));
        }
        for item in &catalogue.items {
            named.extend(item.letter.iter().map(|letter| letter.document));
            let listings = item.entered.iter().chain(&item.withdrawn);
            named.extend(listings.map(|(_, letter)| letter.document));
        }
        named.sort_unstable();
        named.dedup();
        let mut documents = Documents::new();
        for digest in named {
            documents.insert(digest, self.blob(&digest, DOCUMENT_BYTES_MAX).await?);
        }
        Ok(documents)
    }
}

type Dated = Option<(Date, Letter)>;

/// The newest entry, and the exit after it.
fn newest_listing(listings: &[Listing]) -> (Dated, Dated) {
    let dated = |listing: &Listing| (listing.from, listing.approval.clone());
    let entry = listings.iter().rposition(|listing| listing.entered);
    let entered = entry.and_then(|place| listings.get(place));
    let exit = listings.last().filter(|listing| !listing.entered);
    (entered.map(dated), exit.map(dated))
}

fn export_authorisation(state: AuthorisationState) -> WantedAuthorisation {
    let mut revoked: Vec<(Vec<Power>, Date, Digest)> = Vec::new();
    for (power, (from, document)) in state.revoked {
        let same = revoked
            .iter_mut()
            .find(|(_, day, paper)| (*day, *paper) == (from, document));
        match same {
            Some((powers, ..)) => powers.push(power),
            None => revoked.push((vec![power], from, document)),
        }
    }
    WantedAuthorisation {
        line: 1,
        id: state.id,
        grant: state.grant,
        revoked,
    }
}

fn readable<T>(read: Result<T, serde_json::Error>) -> Result<T, CounterError> {
    read.map_err(|error| CounterError::Internal(format!("a definition cannot be read: {error}")))
}
