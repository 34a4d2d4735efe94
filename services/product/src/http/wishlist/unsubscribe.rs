//! `POST /api/wishlist/unsubscribe`

use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Problem, Query, Result};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::domain::link_token;
use crate::domain::wish::Wanted;
use crate::store::wishlist_people as store;

/// Whose mails end.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Unsubscribe {
    /// Of the link in the mail.
    token: String,
}

/// Ends the mails about somebody's wish list, by the link in them. Mail programs call it for their button "unsubscribe" (RFC 8058), so it
/// needs no sign-in, and whatever body it has is not read. `PUT /api/wishlist/settings` turns the mails on again.
#[utoipa::path(
    post, path = "/api/wishlist/unsubscribe", tag = "wishlist", security(()),
    params(Unsubscribe),
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub(crate) async fn unsubscribe(
    State(state): State<AppState>,
    Query(query): Query<Unsubscribe>,
) -> Result<StatusCode> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let user = store::unsubscribes(&mut tx, &link_token::hash(&query.token))
        .await?
        .ok_or_else(|| Error::not_found("link"))?;
    let nothing = Wanted {
        price_drop: false,
        back_in_stock: false,
    };
    store::want(&mut tx, user, nothing, &cx.clock).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
