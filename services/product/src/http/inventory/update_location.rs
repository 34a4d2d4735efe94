//! `PUT /api/inventory/locations/{id}`

use auth_token::Staff;
use auth_token::permissions::ManageCatalogue;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, IfMatch, Json, OnConstraint as _, Path, Problem, Result, etag};
use primitives::LocationId;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Location;
use crate::app::AppState;
use crate::domain::text::LocationName;
use crate::store::locations;

/// All that a place shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateLocation {
    name: LocationName,
    /// An inactive place serves nobody and takes no goods; only an empty one can be made so.
    active: bool,
    /// Its place in the order in which places serve, from 1; the others move up. It stays where it is unless told.
    #[schema(minimum = 1)]
    position: Option<usize>,
}

/// Renames, moves, activates or deactivates a place.
#[utoipa::path(
    put, path = "/api/inventory/locations/{id}", tag = "inventory", security(("bearer" = [])),
    params(("id" = LocationId, Path)),
    request_body = UpdateLocation,
    responses(
        (status = 200, body = Location),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`location_not_empty`, `last_location`", body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn update_location(
    State(state): State<AppState>,
    staff: Staff<ManageCatalogue>,
    Path(id): Path<LocationId>,
    expected: IfMatch,
    Json(body): Json<UpdateLocation>,
) -> Result<Response> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let mut all = locations::lock_all(&mut tx).await?;
    let at = all
        .iter()
        .position(|location| location.id == id)
        .ok_or_else(|| Error::not_found("location"))?;
    let before = all.remove(at);
    expected.check(before.version)?;
    let position = body
        .position
        .map_or(at, |position| position.saturating_sub(1))
        .min(all.len());
    let changed = locations::Location {
        name: body.name.into(),
        active: body.active,
        version: before.version + 1,
        ..before.clone()
    };
    locations::update(&mut tx, &changed, &cx.clock)
        .await
        .on_constraint("stock_locations_empty", || {
            Error::conflict(
                "location_not_empty",
                "Stock lies there: move it elsewhere first.",
            )
        })
        .on_constraint("stock_locations_one_active", || {
            Error::conflict("last_location", "One place must stay active.")
        })?;
    all.insert(position, changed.clone());
    if position != at {
        let order: Vec<LocationId> = all.iter().map(|location| location.id).collect();
        locations::arrange(&mut tx, &order).await?;
    }
    let (before, after) = (
        Location::new(before, at + 1),
        Location::new(changed, position + 1),
    );
    let act = staff.acting().did(
        "stock_location.update",
        after.target(),
        json!(before),
        json!(after),
    );
    cx.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(etag::respond(
        &HeaderMap::new(),
        &etag::of_version(after.version),
        after,
    ))
}
