//! What the list and the file have in common: which rows.

use primitives::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{PageError, Result};
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
        let until = day(&self.to)?;
        Ok(AuditFilter {
            who: self.who.trim().to_owned(),
            action: self.action.trim().to_owned(),
            target: self.target.trim().to_owned(),
            outcome: self.outcome.clone(),
            since: day(&self.from)?,
            until: until.map(|day| day + std::time::Duration::from_secs(24 * 3600)),
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

fn day(text: &str) -> Result<Option<Timestamp>> {
    if text.is_empty() {
        return Ok(None);
    }
    let midnight = Value::String(format!("{text}T00:00:00Z"));
    serde_json::from_value(midnight).map(Some).map_err(|_| {
        PageError::invalid("A date of the filter does not exist.").back_to("/admin/audit")
    })
}
