//! What the list and the file have in common: which rows.

use serde::Deserialize;

use crate::error::Result;
use crate::input::{day, end_of};
use crate::pages::shell::{Choice, choices, link};
use crate::store::audit_rows::AuditFilter;

/// The filter as the address has it.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    pub(super) who: String,
    pub(super) action: String,
    pub(super) target: String,
    pub(super) outcome: String,
    /// Days, both included.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) cursor: Option<http_kit::Cursor>,
}

impl Params {
    pub(super) fn filter(&self) -> Result<AuditFilter> {
        let day =
            |text: &str, field| day(text, field).map_err(|error| error.back_to("/admin/audit"));
        Ok(AuditFilter {
            who: self.who.trim().to_owned(),
            action: self.action.trim().to_owned(),
            target: self.target.trim().to_owned(),
            outcome: self.outcome.clone(),
            since: day(&self.from, "From")?,
            until: day(&self.to, "To")?.map(end_of),
            newest: None,
        })
    }

    /// An address with this filter.
    pub(super) fn link(&self, path: &str, cursor: &str) -> String {
        let pairs = [
            ("who", self.who.as_str()),
            ("action", &self.action),
            ("target", &self.target),
            ("outcome", &self.outcome),
            ("from", &self.from),
            ("to", &self.to),
            ("cursor", cursor),
        ];
        link(path, &pairs)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.link("", "") == "?"
    }

    pub(super) fn outcomes(&self) -> Vec<Choice> {
        choices(&["asked", "done", "changed", "refused"], &self.outcome)
    }
}
