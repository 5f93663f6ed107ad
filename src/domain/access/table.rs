//! The table itself: a row an action, a column a role. Nothing else in the program says who may do what.

use super::Verdict::{Allowed, Denied, Hidden};
use super::{Action, Role, Verdict};

/// What a role may do at its own place, and elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The verdict at the site or for the department the role holds for.
    pub own: Verdict,
    /// The verdict at every other.
    pub other: Verdict,
}

/// May everywhere.
const ALL: Cell = Cell {
    own: Allowed,
    other: Allowed,
};
/// May at the own place; elsewhere the thing does not exist for them.
const OWN: Cell = Cell {
    own: Allowed,
    other: Hidden,
};
/// May at the own place; elsewhere it is known, but not theirs to change.
const HERE: Cell = Cell {
    own: Allowed,
    other: Denied,
};
/// May not, though what is at the own place can be seen.
const SEE: Cell = Cell {
    own: Denied,
    other: Hidden,
};
/// May not, and it is no secret.
const NO: Cell = Cell {
    own: Denied,
    other: Denied,
};
/// May not even know.
const NONE: Cell = Cell {
    own: Hidden,
    other: Hidden,
};

/// The columns, in the order of [`Role::ALL`]: clerk, department officer, chief representative, archivist, supervisor,
/// auditor; system, security and audit administrator; station.
const COLUMNS: usize = 10;

#[rustfmt::skip]
const TABLE: &[(Action, [Cell; COLUMNS])] = {
    use Action::*;
    &[
        // a visit and a case, at the window
        (OpenVisit,               [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (LogConsultation,         [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (AnswerConsultation,      [SEE , OWN , OWN , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (Refer,                   [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (OpenCase,                [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (ImportCase,              [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (EnterLate,               [OWN , SEE , SEE , SEE , OWN , SEE , NONE, NONE, NONE, NONE]),
        (ListCases,               [OWN , OWN , OWN , OWN , OWN , OWN , NONE, NONE, NONE, NONE]),
        (ReadCase,                [OWN , OWN , OWN , OWN , OWN , OWN , NONE, NONE, NONE, NONE]),
        (RevealPersonal,          [OWN , OWN , OWN , SEE , OWN , SEE , NONE, NONE, NONE, NONE]),
        (FollowCase,              [OWN , OWN , OWN , OWN , OWN , OWN , NONE, NONE, NONE, NONE]),
        (RecordMaterial,          [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (IssueReceipt,            [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (DeferMaterial,           [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (IssueCorrection,         [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (EscalateCorrection,      [SEE , SEE , SEE , SEE , OWN , SEE , NONE, NONE, NONE, NONE]),
        (Dispatch,                [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        // a case, at the department
        (Review,                  [SEE , OWN , OWN , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (RefuseAcceptance,        [SEE , OWN , OWN , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (StartSpecialProcedure,   [SEE , OWN , OWN , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (CompleteCoTask,          [SEE , OWN , OWN , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (Decide,                  [SEE , OWN , OWN , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (PushResult,              [SEE , OWN , OWN , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        // its result and its end
        (MakeCertificate,         [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (ReceiveResult,           [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (IssueResult,             [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (MailResult,              [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (WithdrawCase,            [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (VoidCase,                [SEE , SEE , SEE , SEE , OWN , SEE , NONE, NONE, NONE, NONE]),
        (TerminateCase,           [SEE , OWN , OWN , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (ReturnPaper,             [OWN , SEE , SEE , OWN , SEE , SEE , NONE, NONE, NONE, NONE]),
        // what people say about it
        (RecordRating,            [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (HandleRating,            [SEE , OWN , OWN , SEE , OWN , SEE , NONE, NONE, NONE, NONE]),
        (FileComplaint,           [OWN , SEE , SEE , SEE , OWN , SEE , NONE, NONE, NONE, NONE]),
        (HandleComplaint,         [SEE , OWN , OWN , SEE , OWN , SEE , NONE, NONE, NONE, NONE]),
        (Inspect,                 [SEE , SEE , SEE , SEE , OWN , OWN , NONE, NONE, NONE, NONE]),
        (Rectify,                 [OWN , OWN , OWN , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        // paper, blanks, scans, records
        (UseBlank,                [OWN , SEE , SEE , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (ManageBlanks,            [SEE , SEE , SEE , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        (PrintForm,               [OWN , OWN , OWN , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        (KeepDocument,            [OWN , OWN , OWN , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (ReadPaper,               [OWN , OWN , OWN , OWN , OWN , OWN , NONE, NONE, NONE, NONE]),
        (HandOverPaper,           [OWN , OWN , OWN , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        (Refile,                  [OWN , SEE , SEE , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        (MakeContainer,           [SEE , SEE , SEE , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        (StorePaper,              [OWN , SEE , SEE , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        (ClearDiscrepancy,        [OWN , OWN , OWN , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        (OpenStocktake,           [SEE , SEE , SEE , SEE , OWN , SEE , NONE, NONE, NONE, NONE]),
        (RegisterOldFile,         [OWN , SEE , SEE , OWN , SEE , SEE , NONE, NONE, NONE, NONE]),
        (CountPaper,              [OWN , SEE , SEE , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        (ReportLoss,              [OWN , OWN , OWN , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        (ApproveLoss,             [SEE , OWN , OWN , SEE , OWN , SEE , NONE, NONE, NONE, NONE]),
        (ReadTransfer,            [OWN , OWN , OWN , OWN , OWN , OWN , NONE, NONE, NONE, NONE]),
        (GatherTransfer,          [OWN , SEE , SEE , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        (AskDeferral,             [OWN , SEE , SEE , OWN , OWN , SEE , NONE, NONE, NONE, NONE]),
        (ConsentDeferral,         [SEE , OWN , OWN , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (ApproveDeferral,         [SEE , SEE , SEE , SEE , OWN , SEE , NONE, NONE, NONE, NONE]),
        (CheckPackage,            [SEE , OWN , OWN , SEE , SEE , SEE , NONE, NONE, NONE, NONE]),
        (ReadTransferRate,        [SEE , SEE , SEE , SEE , OWN , OWN , NONE, NONE, NONE, NONE]),
        (UploadScan,              [OWN , SEE , SEE , OWN , SEE , SEE , NONE, NONE, NONE, OWN ]),
        (ReadScan,                [OWN , OWN , OWN , OWN , OWN , OWN , NONE, NONE, NONE, NONE]),
        (Search,                  [OWN , OWN , OWN , OWN , OWN , OWN , NONE, NONE, NONE, NONE]),
        (Export,                  [SEE , OWN , OWN , OWN , OWN , OWN , NONE, NONE, NONE, NONE]),
        (Reconcile,               [SEE , OWN , OWN , SEE , OWN , OWN , NONE, NONE, NONE, NONE]),
        (EraseCase,               [SEE , SEE , SEE , SEE , OWN , SEE , NONE, NONE, NONE, NONE]),
        // the hall's set-up, which is no secret
        (ReadLoad,                [HERE, NO  , NO  , NO  , HERE, HERE, NO  , NO  , NO  , NONE]),
        (ReadCatalogue,           [ALL , ALL , ALL , ALL , ALL , ALL , ALL , ALL , ALL , NONE]),
        (ProposeItem,             [NO  , HERE, HERE, NO  , HERE, NO  , NO  , NO  , NO  , NONE]),
        (ImportCatalogue,         [NO  , NO  , NO  , NO  , HERE, NO  , NO  , NO  , NO  , NONE]),
        (PublishItem,             [NO  , NO  , NO  , NO  , HERE, NO  , NO  , NO  , NO  , NONE]),
        (WithdrawItem,            [NO  , NO  , NO  , NO  , HERE, NO  , NO  , NO  , NO  , NONE]),
        (ManageAuthorisations,    [NO  , NO  , NO  , NO  , HERE, NO  , NO  , NO  , NO  , NONE]),
        (ManageDepartments,       [NO  , NO  , NO  , NO  , HERE, NO  , ALL , NO  , NO  , NONE]),
        (ManageSites,             [NO  , NO  , NO  , NO  , HERE, NO  , ALL , NO  , NO  , NONE]),
        (ExtendCalendar,          [NO  , NO  , NO  , NO  , NO  , NO  , ALL , NO  , NO  , NONE]),
        (ManageTemplates,         [NO  , NO  , NO  , NO  , NO  , NO  , ALL , NO  , NO  , NONE]),
        // people, keys, the machine
        (ReadStaff,               [ALL , ALL , ALL , ALL , ALL , ALL , ALL , ALL , ALL , NONE]),
        (ReadAccounts,            [NO  , NO  , NO  , NO  , NO  , NO  , ALL , ALL , ALL , NONE]),
        (ManageStaff,             [NO  , NO  , NO  , NO  , NO  , NO  , ALL , NO  , NO  , NONE]),
        (AssignRoles,             [NO  , NO  , NO  , NO  , NO  , NO  , NO  , ALL , NO  , NONE]),
        (ResetAccount,            [NO  , NO  , NO  , NO  , NO  , NO  , NO  , ALL , NO  , NONE]),
        (IssueToken,              [NO  , NO  , NO  , NO  , NO  , NO  , NO  , ALL , NO  , NONE]),
        (ManageKeys,              [NO  , NO  , NO  , NO  , NO  , NO  , NO  , ALL , NO  , NONE]),
        (ManageWitnesses,         [NO  , NO  , NO  , NO  , NO  , NO  , NO  , ALL , NO  , NONE]),
        (HandInCosignature,       [NO  , ALL , ALL , NO  , ALL , ALL , NO  , NO  , NO  , NONE]),
        (ReadWitnesses,           [ALL , ALL , ALL , ALL , ALL , ALL , ALL , ALL , ALL , NONE]),
        (Maintain,                [NO  , NO  , NO  , NO  , NO  , NO  , ALL , NO  , NO  , NONE]),
        (ReadAudit,               [NO  , NO  , NO  , NO  , NO  , HERE, NO  , NO  , ALL , NONE]),
    ]
};

/// The cell of a role and an action.
pub fn cell(role: Role, action: Action) -> Cell {
    let row = TABLE.iter().find(|(listed, _)| *listed == action);
    let column = Role::ALL.iter().position(|listed| *listed == role);
    match (row, column) {
        (Some((_, cells)), Some(column)) => cells.get(column).copied().unwrap_or(NONE),
        // A missing row gives nobody anything; the tests find it.
        _ => NONE,
    }
}
