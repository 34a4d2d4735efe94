//! What a person has to see to.

pub(crate) mod list;
pub(crate) mod resolve;

use primitives::{OrderId, Timestamp, WorkItemId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::store::work_items::WorkItem;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkItemView {
    id: WorkItemId,
    /// Such as `charged_twice`.
    kind: String,
    /// Such as `payment:<id>`; `stripe:<its id>` for what is not here.
    subject: String,
    order_id: Option<OrderId>,
    /// What is wrong: a sentence in `says`, and how it is here and at the provider.
    details: Value,
    /// `open` or `resolved`.
    status: String,
    /// How often it was found.
    seen: i32,
    raised_at: Timestamp,
    last_seen_at: Timestamp,
    /// `done`, `ignored`, or `gone` when a later comparison found nothing wrong any more.
    resolution: Option<String>,
    note: Option<String>,
    resolved_by: Option<String>,
    resolved_at: Option<Timestamp>,
}

impl From<WorkItem> for WorkItemView {
    fn from(item: WorkItem) -> Self {
        Self {
            id: item.id,
            kind: item.kind,
            subject: item.subject,
            order_id: item.order_id,
            details: item.details,
            status: item.status,
            seen: item.seen,
            raised_at: item.raised_at,
            last_seen_at: item.last_seen_at,
            resolution: item.resolution,
            note: item.note,
            resolved_by: item.resolved_by,
            resolved_at: item.resolved_at,
        }
    }
}
