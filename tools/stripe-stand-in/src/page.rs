//! Stripe's lists: newest first, `limit`, `starting_after`, `ending_before`, `created[…]`.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::form::Params;

/// The parameters every list takes.
pub const PARAMS: [&str; 4] = ["limit", "starting_after", "ending_before", "created"];

/// Cuts the page that `params` asks for from `rows` (newest first, filtered already).
///
/// # Errors
/// For a limit out of range, or a cursor that names nothing.
pub fn page(url: &str, params: &Params, rows: Vec<Value>) -> Result<Value, ApiError> {
    let limit = params.integer("limit")?.unwrap_or(10);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| {
            ApiError::invalid(Some("limit"), "limit must be between 1 and 100".to_owned())
        })?;
    let rows: Vec<Value> = rows
        .into_iter()
        .filter(|row| created_within(row, params))
        .collect();
    let position = |param: &str| -> Result<Option<usize>, ApiError> {
        params
            .text(param)
            .map(|id| {
                rows.iter()
                    .position(|row| row["id"] == id)
                    .ok_or_else(|| ApiError::missing("object", param, id))
            })
            .transpose()
    };
    let (first, last) = match (position("starting_after")?, position("ending_before")?) {
        (Some(after), _) => (after + 1, rows.len()),
        (None, Some(before)) => (before.saturating_sub(limit), before),
        (None, None) => (0, rows.len()),
    };
    let has_more = if params.text("ending_before").is_some() {
        first > 0
    } else {
        last - first > limit
    };
    let data: Vec<_> = rows
        .into_iter()
        .skip(first)
        .take(limit.min(last - first))
        .collect();
    Ok(json!({ "object": "list", "url": url, "has_more": has_more, "data": data }))
}

fn created_within(row: &Value, params: &Params) -> bool {
    let created = row["created"].as_i64().unwrap_or_default();
    let bounds = params.map("created").unwrap_or_default();
    let exactly = params
        .text("created")
        .and_then(|text| text.parse().ok())
        .is_none_or(|at: i64| at == created);
    exactly
        && bounds.iter().all(|(comparison, bound)| {
            let Ok(bound) = bound.parse::<i64>() else {
                return true;
            };
            match comparison.as_str() {
                "gt" => created > bound,
                "gte" => created >= bound,
                "lt" => created < bound,
                "lte" => created <= bound,
                _ => true,
            }
        })
}
