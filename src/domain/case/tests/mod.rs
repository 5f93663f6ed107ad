//! Unit tests of the decisions about visits and cases.
