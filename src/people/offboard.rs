//! Leaving: what the person held is the successor's from the same fact on, sessions and tokens end at once.

use super::error::PeopleError;
use super::manage::colleagues;
use super::{Order, People, read};
use crate::domain::staff::{self, StaffRefusal, StaffState};
use crate::domain::{Commitment, StaffId};
use crate::ledger::Receipt;

impl People {
    /// Lets a person go, in favour of `successor`. The name stays, because old facts still refer to it; password,
    /// factors and sealed keys are erased.
    pub async fn offboard(
        &self,
        order: &Order,
        staff: &StaffId,
        successor: &StaffId,
    ) -> Result<Receipt, PeopleError> {
        let before = self.state(staff).await?.ok_or(StaffRefusal::Unknown)?;
        let recorded = self.commit(order, staff, Vec::new(), |reads, _| {
            let state = read(reads, staff)?;
            let heir = read(reads, successor)?;
            let grants = state.as_ref().map(|state| state.grants.as_slice());
            let others = colleagues(reads, staff, grants.unwrap_or_default())?;
            let others: Vec<&StaffState> = others.iter().collect();
            Ok(staff::offboard(
                staff,
                state.as_ref(),
                successor,
                heir.as_ref(),
                &others,
                &order.by,
            )?)
        });
        let receipt = recorded.await?;
        self.end_sessions(staff);
        self.erase(staff, &secrets(&before)).await;
        Ok(receipt)
    }

    /// Who answers today for what `staff` once took on: the person, or the last of the successors.
    pub async fn responsible(&self, staff: &StaffId) -> Result<StaffId, PeopleError> {
        let mut answers = staff.clone();
        let mut seen = vec![answers.clone()];
        loop {
            let state = self.state(&answers).await?.ok_or(StaffRefusal::Unknown)?;
            match &state.successor {
                // A successor is at work when named, so the chain has no loop; damaged facts must not make one.
                Some(next) if !seen.contains(next) => answers = next.clone(),
                _ => return Ok(answers),
            }
            seen.push(answers.clone());
        }
    }
}

fn secrets(state: &StaffState) -> Vec<Commitment> {
    let factors = state.factors.iter().map(|factor| factor.secret);
    let sealed = state.keys.iter().filter_map(|key| key.sealed);
    let recovery = state.recovery.map(|recovery| recovery.code);
    let all = factors.chain(sealed).chain(recovery);
    let all = all.chain(state.credential).chain(state.single_sign_on);
    all.collect()
}
