//! `POST /api/inventory/locations`

use auth_token::Staff;
use auth_token::permissions::ManageCatalogue;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Json, OnConstraint as _, Problem, Result};
use primitives::LocationId;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Location;
use crate::app::AppState;
use crate::domain::text::{LocationCode, LocationName};
use crate::store::locations;

/// More places than any shop has; each is read with every variant's stock.
const MAX: usize = 50;

/// A new place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLocation {
    code: LocationCode,
    name: LocationName,
}

/// Adds a place, as the last one that serves.
#[utoipa::path(
    post, path = "/api/inventory/locations", tag = "inventory", security(("bearer" = [])),
    request_body = NewLocation,
    responses(
        (status = 201, body = Location),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 409, description = "`code_taken`, `too_many_locations`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn create_location(
    State(state): State<AppState>,
    staff: Staff<ManageCatalogue>,
    Json(body): Json<NewLocation>,
) -> Result<(StatusCode, Json<Location>)> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let known = locations::lock_all(&mut tx).await?.len();
    if known >= MAX {
        return Err(Error::conflict(
            "too_many_locations",
            format!("A shop may have {MAX} places."),
        ));
    }
    let new = locations::Location {
        id: LocationId::new(cx.clock.now(), &cx.random),
        code: body.code.into(),
        name: body.name.into(),
        active: true,
        version: 1,
        created_at: cx.clock.now(),
    };
    locations::insert(&mut tx, &new)
        .await
        .on_constraint("stock_locations_code_key", || {
            Error::conflict("code_taken", "Another place has this code already.")
        })?;
    let location = Location::new(new, known + 1);
    let act = staff.acting().did(
        "stock_location.create",
        location.target(),
        Value::Null,
        json!(location),
    );
    cx.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(location)))
}
