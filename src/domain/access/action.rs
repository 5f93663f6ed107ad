//! Everything the window does, by use case.

macro_rules! actions {
    ($($variant:ident, $code:literal, $doc:literal;)*) => {
        /// Something that can be done, named by its use case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $(#[doc = $doc] $variant,)*
        }

        impl Action {
            /// Every action, for tables and tests.
            pub const ALL: &[Action] = &[$(Action::$variant,)*];

            /// Stable code in snake_case.
            pub const fn code(self) -> &'static str {
                match self { $(Action::$variant => $code,)* }
            }
        }
    };
}

actions! {
    OpenVisit, "open_visit", "Open a visit to a window.";
    LogConsultation, "log_consultation", "Write down a consultation (Art 8(1)).";
    AnswerConsultation, "answer_consultation", "Answer a question the window passed on (Art 11(6)).";
    Refer, "refer", "Refer an enquiry to where it belongs (Art 12(5)).";
    OpenCase, "open_case", "Open a case (Art 8).";
    ImportCase, "import_case", "Open a case from the city platform.";
    EnterLate, "enter_late", "Enter what happened during an outage (补录).";
    ListCases, "list_cases", "List cases and trays.";
    ReadCase, "read_case", "Read a case; personal data masked.";
    RevealPersonal, "reveal_personal", "See personal data of a case in full, with a purpose.";
    FollowCase, "follow_case", "Follow the events of a case as they come.";
    RecordMaterial, "record_material", "Fill in the checklist of a case (Art 8(2)).";
    IssueReceipt, "issue_receipt", "Issue the intake receipt (Art 8(2)).";
    DeferMaterial, "defer_material", "Take a case with materials to follow (容缺, Art 8(3)), or refuse that.";
    IssueCorrection, "issue_correction", "Issue the one correction notice (Art 8(4)).";
    EscalateCorrection, "escalate_correction", "Allow a second correction notice (Art 8(4)).";
    Dispatch, "dispatch", "Send a case to its departments (Art 8(5)).";
    Review, "review", "Accept a case for a department, with its notice (Art 9(1)).";
    RefuseAcceptance, "refuse_acceptance", "Refuse or return a case with reasons (Art 11(5)).";
    StartSpecialProcedure, "start_special_procedure", "Start or end a step that stops the clock.";
    CompleteCoTask, "complete_co_task", "Complete a co-department's part (Art 9(2)).";
    Decide, "decide", "Decide a case, as far as the department delegated it to the person (Art 11(2)).";
    PushResult, "push_result", "Give a result to the window (Art 10(1)).";
    MakeCertificate, "make_certificate", "Make a certificate at the window and register its serial (Art 10(1)).";
    ReceiveResult, "receive_result", "Receive a result from a department (Art 10(1)).";
    IssueResult, "issue_result", "Hand a result to the applicant (Art 10(2)).";
    MailResult, "mail_result", "Mail a result (Art 10(3)); departments may not.";
    WithdrawCase, "withdraw_case", "Record that the applicant withdraws.";
    VoidCase, "void_case", "Void a case opened by mistake.";
    TerminateCase, "terminate_case", "End a case that cannot go on.";
    ReturnPaper, "return_paper", "Return paper to the applicant against signature.";
    RecordRating, "record_rating", "Invite to rate and record the rating (Art 10(6)).";
    HandleRating, "handle_rating", "Verify, rectify and feed back a negative rating.";
    FileComplaint, "file_complaint", "Take a complaint (Art 14).";
    HandleComplaint, "handle_complaint", "Answer a complaint (Art 14).";
    Inspect, "inspect", "Record an inspection finding (Art 13(3)).";
    Rectify, "rectify", "Answer an inspection finding (Art 13(3)).";
    UseBlank, "use_blank", "Use up or spoil a numbered blank.";
    ManageBlanks, "manage_blanks", "Receive and count numbered blanks.";
    PrintForm, "print_form", "Print a form of a case.";
    KeepDocument, "keep_document", "Keep a document or a captured signature with a case.";
    ReadPaper, "read_paper", "See who holds the paper of a case, and the slips it went on (Art 12(4)).";
    HandOverPaper, "hand_over_paper", "Offer paper, receive it, refuse it (Art 8(5), 12(3)).";
    Refile, "refile", "Move what was filed with the wrong case to the case it belongs to (串件).";
    MakeContainer, "make_container", "Bring boxes, shelves, cabinets and rooms into use (Art 12(4)).";
    StorePaper, "store_paper", "Move containers, put paper into them and take it out, seal and open boxes (Art 12(4)).";
    ClearDiscrepancy, "clear_discrepancy", "Clear up what did not match at a hand-over (Art 12(4)).";
    OpenStocktake, "open_stocktake", "Open and close the stock-take of paper that was there before (Art 12(4)).";
    RegisterOldFile, "register_old_file", "Register a file of the opening stock-take (Art 12(4)).";
    CountPaper, "count_paper", "Count paper and compare it with the ledger (Art 12(4)).";
    ReportLoss, "report_loss", "Report paper lost, search for it, find it again (Art 12(4)).";
    ApproveLoss, "approve_loss", "Approve or decline, for one's side, that paper is lost (Art 12(4)).";
    ReadTransfer, "read_transfer", "See the rounds of transfer and how a site's months stand (Art 12(4)).";
    GatherTransfer, "gather_transfer", "Open a round early, look its papers up, seal its package (Art 12(4)).";
    AskDeferral, "ask_deferral", "Ask a department to have papers later (Art 12(4)).";
    ConsentDeferral, "consent_deferral", "Agree, for a department, to have papers later (Art 12(4)).";
    ApproveDeferral, "approve_deferral", "Approve, for the hall, that papers are transferred later (Art 12(4)).";
    CheckPackage, "check_package", "Check a package for the department that receives it (Art 12(4)).";
    ReadTransferRate, "read_transfer_rate", "See how much paper was transferred in time (Art 12(4)).";
    UploadScan, "upload_scan", "Hand in a scan.";
    ReadScan, "read_scan", "See a scan, its text and its record.";
    Search, "search", "Search the text of records.";
    Export, "export", "Export records and registers.";
    Reconcile, "reconcile", "List results that have no case (Art 11(7)).";
    EraseCase, "erase_case", "Destroy the key of a case lawfully.";
    ReadLoad, "read_load", "See the windows' load (Art 7).";
    ReadCatalogue, "read_catalogue", "Read service items and guides, which are public.";
    ProposeItem, "propose_item", "Hand in a version of a service item (Art 11(3)).";
    ImportCatalogue, "import_catalogue", "Load a catalogue, or compare it with the published list (Art 11(4)).";
    PublishItem, "publish_item", "Make a version of a service item live (Art 13(1)).";
    WithdrawItem, "withdraw_item", "Take a service item off the list (Art 13(1)).";
    ManageAuthorisations, "manage_authorisations", "Register the departments' mandates (Art 11(1)).";
    ManageDepartments, "manage_departments", "Register departments and their chief representatives (Art 11(2)).";
    ManageSites, "manage_sites", "Set up sites, windows and timetables (Art 5, 7).";
    ExtendCalendar, "extend_calendar", "Add a year to the calendar of working days.";
    ManageTemplates, "manage_templates", "Change the templates of printed forms.";
    ReadStaff, "read_staff", "See who works here and in which role.";
    ReadAccounts, "read_accounts", "See the state of accounts: factors, keys, tokens, sessions.";
    ManageStaff, "manage_staff", "Enrol people and offboard them.";
    AssignRoles, "assign_roles", "Give roles and take them away.";
    ResetAccount, "reset_account", "Lock, unlock and recover accounts; end their sessions.";
    IssueToken, "issue_token", "Issue and revoke tokens of stations.";
    ManageKeys, "manage_keys", "Change the log's signing key.";
    ManageWitnesses, "manage_witnesses", "Enrol and retire the witnesses of the log.";
    HandInCosignature, "hand_in_cosignature", "Hand in a checkpoint of the log that a witness cosigned.";
    ReadWitnesses, "read_witnesses", "See the witnesses of the log and what they cosigned.";
    Maintain, "maintain", "Rebuild projections, see metrics and health in detail.";
    ReadAudit, "read_audit", "Read who did and read what.";
}

impl Action {
    /// Whether it needs a second factor shown a short while ago, however the caller signed in.
    pub const fn is_sensitive(self) -> bool {
        matches!(
            self,
            Action::EraseCase
                | Action::ManageStaff
                | Action::AssignRoles
                | Action::ResetAccount
                | Action::IssueToken
                | Action::ManageKeys
                | Action::ManageWitnesses
        )
    }
}
