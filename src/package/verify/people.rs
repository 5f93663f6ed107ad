//! Whose key signed: each signature by the facts about its signer up to then, and by what the department knows itself.

use super::facts::History;
use super::{Finding, Work};
use crate::domain::Digest;
use crate::domain::custody::{CustodyRefusal, KeySignature, Side, acts_for};
use crate::domain::staff::{self, StaffState};

/// A signature that was made.
pub(super) struct Made<'s> {
    pub(super) signature: &'s KeySignature,
    /// What it is over.
    pub(super) document: Digest,
    /// For which side.
    pub(super) side: &'s Side,
    /// Whether the signer is of the department that verifies.
    pub(super) ours: bool,
}

impl Work<'_> {
    /// Checks a signature on a slip, as of the fact with this index. Gives the signer as of then.
    pub(super) fn signature(
        &mut self,
        history: &History,
        slip: &str,
        made: &Made<'_>,
        index: u64,
    ) -> Option<StaffState> {
        let about = slip.to_owned();
        let Made {
            signature,
            document,
            side,
            ours,
        } = made;
        let name = signature.staff.to_string();
        let Some(signer) = history.person(&signature.staff, index) else {
            self.findings
                .add(Finding::SignerUnknown { about, staff: name });
            return None;
        };
        if acts_for(&signature.staff, &signer, side).is_err() {
            let (about, staff) = (about.clone(), name.clone());
            self.findings.add(Finding::WrongSide { about, staff });
        }
        let key = signer.signing_key().filter(|key| key.id == signature.key);
        let Some(key) = key else {
            self.findings.add(Finding::KeyNotInForce {
                about,
                staff: name,
                key: signature.key.to_string(),
            });
            return Some(signer);
        };
        if staff::verify(&key.public, document, &signature.signature).is_err() {
            let (about, staff) = (about.clone(), name.clone());
            self.findings.add(Finding::SignatureWrong { about, staff });
        }
        match self.trust.signers.get(&signature.staff) {
            Some(known) if !known.contains(&key.public) => {
                self.findings
                    .add(Finding::SignerDiffers { about, staff: name });
            }
            // Whoever signed for the department is known to it.
            None if *ours && !self.trust.signers.is_empty() => {
                self.findings
                    .add(Finding::SignerUnlisted { about, staff: name });
            }
            _ => {}
        }
        Some(signer)
    }

    /// Says what a refusal of custody means to the department.
    pub(super) fn refused(
        &mut self,
        slip: &str,
        refusal: CustodyRefusal,
        signature: &KeySignature,
    ) {
        let about = slip.to_owned();
        let code = refusal.code().to_owned();
        self.findings.add(match refusal {
            CustodyRefusal::SamePerson { staff } => {
                let staff = staff.to_string();
                Finding::SamePerson { about, staff }
            }
            CustodyRefusal::NotTheirSide { staff, .. } => {
                let staff = staff.to_string();
                Finding::WrongSide { about, staff }
            }
            CustodyRefusal::NoKey { staff } => Finding::KeyNotInForce {
                about,
                staff: staff.to_string(),
                key: signature.key.to_string(),
            },
            CustodyRefusal::BadSignature { staff } => {
                let staff = staff.to_string();
                Finding::SignatureWrong { about, staff }
            }
            _ => Finding::SlipRules { about, code },
        });
    }
}
