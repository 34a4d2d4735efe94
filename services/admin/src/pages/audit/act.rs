//! Rows of one request about one thing are one act: asked for, answered, and what changed by it.

use primitives::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::diff::{Line, diff};
use crate::store::audit::CHANGED;
use crate::store::audit_rows::AuditRow;

/// Lines of a change that a list shows.
const SHOWN: usize = 3;

pub(in crate::pages) struct Act {
    pub(in crate::pages) at: Timestamp,
    /// The address, or what is known instead.
    pub(in crate::pages) who: String,
    /// What the filter finds them by.
    pub(in crate::pages) who_link: String,
    pub(in crate::pages) role: Option<String>,
    pub(in crate::pages) action: String,
    pub(in crate::pages) target: Target,
    /// In the order in which they were written.
    pub(in crate::pages) steps: Vec<Step>,
    pub(in crate::pages) change: Vec<Line>,
    /// How many lines of the change are left out.
    pub(in crate::pages) more: usize,
    pub(in crate::pages) through: String,
    pub(in crate::pages) ip: Option<String>,
    request_id: String,
    /// See [`about`].
    about: String,
}

/// A row of an act.
pub(in crate::pages) struct Step {
    pub(in crate::pages) seq: i64,
    pub(in crate::pages) outcome: String,
    pub(in crate::pages) tone: &'static str,
}

/// What was acted upon.
pub(in crate::pages) struct Target {
    /// As the log has it.
    pub(in crate::pages) text: String,
    pub(in crate::pages) kind: String,
    /// The end of its id: what tells neighbours apart.
    pub(in crate::pages) short: String,
    pub(in crate::pages) href: Option<String>,
}

impl Target {
    pub(in crate::pages) fn new(text: &str) -> Self {
        let (kind, id) = text.split_once(':').unwrap_or((text, ""));
        let page = match kind {
            "order" => Some("orders"),
            "product" => Some("products"),
            "user" => Some("customers"),
            "work_item" => Some("events/work-items"),
            "reconciliation" => Some("events/reconciliations"),
            _ => None,
        };
        let href = match (kind, page, id.parse::<Uuid>()) {
            ("queue", ..) => Some(format!("/admin/events/dead-letters?queue={id}")),
            ("payment_event", ..) => Some(format!("/admin/events/payments/{id}")),
            ("settings", ..) => Some("/admin/settings".to_owned()),
            (_, Some(page), Ok(id)) => Some(format!("/admin/{page}/{id}")),
            _ => None,
        };
        let short = match id.parse::<Uuid>() {
            Ok(id) => format!("…{}", &id.to_string()[28..]),
            Err(_) => id.to_owned(),
        };
        Self {
            text: text.to_owned(),
            kind: kind.replace('_', " "),
            short,
            href,
        }
    }
}

/// How an outcome looks.
pub(super) fn tone(outcome: &str) -> &'static str {
    match outcome {
        "asked" => "",
        "done" => "good",
        "changed" => "info",
        _ => "bad",
    }
}

/// In words: where a row comes from.
pub(super) fn through(row: &AuditRow) -> String {
    match row.through.as_deref() {
        None | Some("admin") => "panel".to_owned(),
        Some("rest") => "API".to_owned(),
        Some(other) => other.replace('_', " "),
    }
}

/// The lines of a change, without the noise of empty objects.
pub(super) fn change(row: &AuditRow) -> Vec<Line> {
    diff(row.before.as_ref(), row.after.as_ref())
}

/// The facts of a row beside its change.
pub(super) fn facts(details: &Value) -> Vec<Line> {
    diff(None, Some(details))
}

/// What the act of a row was asked for about: its own target, or what the panel named instead.
fn about<'a>(rows: &'a [AuditRow], row: &'a AuditRow) -> &'a str {
    let wish = rows.iter().find(|wish| {
        wish.outcome != CHANGED
            && !wish.request_id.is_empty()
            && (&wish.request_id, &wish.action) == (&row.request_id, &row.action)
            && fits(&wish.target, &row.target)
    });
    &wish.unwrap_or(row).target
}

/// Whether what changed can be what was asked for. Of one kind it is the same thing, or another act, as with many orders at once. But nobody knows the id
/// of what is yet to be made, and a wish about one kind may change another: orders are given to a user.
fn fits(wish: &str, changed: &str) -> bool {
    match (wish.split_once(':'), changed.split_once(':')) {
        (Some((asked, _)), Some((kind, _))) if asked == kind => wish == changed,
        _ => true,
    }
}

/// Rows, newest first, as acts in the same order.
pub(in crate::pages) fn acts(rows: &[AuditRow]) -> Vec<Act> {
    let mut acts: Vec<Act> = vec![];
    for row in rows {
        let step = Step {
            seq: row.seq,
            outcome: row.outcome.clone(),
            tone: tone(&row.outcome),
        };
        let about = about(rows, row);
        // What was made is shown by its id.
        let target = if about.contains(':') {
            about
        } else {
            row.target.as_str()
        };
        let same = acts.iter_mut().find(|act| {
            !row.request_id.is_empty()
                && act.request_id == row.request_id
                && act.action == row.action
                && act.about == about
        });
        let mut lines = change(row);
        let more = lines.len().saturating_sub(SHOWN);
        lines.truncate(SHOWN);
        if let Some(act) = same {
            act.at = row.at;
            act.steps.push(step);
            act.role = act.role.take().or_else(|| row.actor_role.clone());
            act.ip = act.ip.take().or_else(|| row.ip.clone());
            if act.change.is_empty() {
                (act.change, act.more) = (lines, more);
            }
            if !act.target.text.contains(':') {
                act.target = Target::new(target);
            }
            continue;
        }
        let id = row.actor_id.map(|id| id.to_string()).unwrap_or_default();
        let nobody = row.actor_email.is_empty();
        acts.push(Act {
            at: row.at,
            who: match (nobody, id.is_empty()) {
                (false, _) => row.actor_email.clone(),
                (true, false) => format!("user …{}", &id[28..]),
                (true, true) => "nobody known".to_owned(),
            },
            who_link: if nobody { id } else { row.actor_email.clone() },
            role: row.actor_role.clone(),
            action: row.action.clone(),
            target: Target::new(target),
            steps: vec![step],
            change: lines,
            more,
            through: through(row),
            ip: row.ip.clone(),
            request_id: row.request_id.clone(),
            about: about.to_owned(),
        });
    }
    for act in &mut acts {
        act.steps.sort_by_key(|step| step.seq);
    }
    acts
}
