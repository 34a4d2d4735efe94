//! `GET /api/inventory/locations`

use auth_token::{Role, User};
use axum::extract::State;
use http_kit::{Error, Json, Problem, Result};
use serde::Serialize;
use utoipa::ToSchema;

use super::Location;
use crate::app::AppState;
use crate::store::locations;

/// All places, in the order in which they serve.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Locations {
    data: Vec<Location>,
}

/// All places: there are few. For sellers and staff.
#[utoipa::path(
    get, path = "/api/inventory/locations", tag = "inventory", security(("bearer" = [])),
    responses(
        (status = 200, body = Locations),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
    )
)]
pub(crate) async fn list_locations(
    State(state): State<AppState>,
    User(viewer): User,
) -> Result<Json<Locations>> {
    if viewer.role == Role::Customer {
        return Err(Error::forbidden(
            "forbidden",
            "Only sellers and staff may see this.",
        ));
    }
    let mut db = state.context.pool.acquire().await?;
    let found = locations::all(&mut db).await?;
    let data = found.into_iter().zip(1..);
    Ok(Json(Locations {
        data: data.map(|(found, at)| Location::new(found, at)).collect(),
    }))
}
