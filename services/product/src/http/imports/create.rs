//! `POST /api/products/import`

use auth_token::{Role, Seller};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_kit::{Error, IdempotencyKey, Json, Problem, Query, Result};
use primitives::{Currency, UserId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::upload;
use super::view::View;
use crate::app::AppState;
use crate::domain::import::Format;
use crate::store::imports as store;
use crate::workflows::imports;

/// A file as a form sends it.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only the OpenAPI document reads it")]
pub(crate) struct ImportFile {
    /// CSV, UTF-8.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// How a file is understood.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// Whose columns it has; `mercato` unless told.
    #[param(inline)]
    format: Option<Format>,
    /// Try it all, and change nothing.
    dry_run: Option<bool>,
    /// Whose products they become; for admins. One's own unless told.
    #[param(value_type = Option<String>, format = Uuid)]
    seller: Option<UserId>,
    /// Of prices, where neither the file nor the product says one; the shop's unless told.
    #[param(value_type = Option<String>)]
    currency: Option<Currency>,
}

/// Imports a catalogue from a CSV file. It is read while it comes, and applied afterwards: the answer says where to look.
#[utoipa::path(
    post, path = "/api/products/import", tag = "import and export", security(("bearer" = [])),
    params(ImportQuery, ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    request_body(content((String = "text/csv"), (ImportFile = "multipart/form-data"))),
    responses(
        (status = 202, body = View),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 409, description = "`too_many_imports`", body = Problem),
        (status = 413, description = "`payload_too_large`, `too_many_rows`", body = Problem),
        (status = 415, description = "`unsupported_media_type`", body = Problem),
        (status = 422, description = "`validation_failed` (names every wrong heading), `not_utf8`, `not_text`, `row_too_long`, `too_many_columns`, `empty_file`, `idempotency_key_reused`", body = Problem),
    )
)]
pub(crate) async fn import_products(
    State(state): State<AppState>,
    Seller(principal): Seller,
    Query(query): Query<ImportQuery>,
    key: Option<IdempotencyKey>,
    request: Request,
) -> Result<Response> {
    let by_staff = principal.role == Role::Admin;
    let seller_id = query.seller.unwrap_or(principal.user_id);
    if seller_id != principal.user_id && !by_staff {
        return Err(Error::forbidden(
            "forbidden",
            "Only staff import for other sellers.",
        ));
    }
    let wanted = imports::Request {
        requested_by: principal.user_id,
        seller_id,
        by_staff,
        format: query.format.unwrap_or_default(),
        dry_run: query.dry_run.unwrap_or(false),
        currency: query.currency.unwrap_or_else(|| state.currency()),
        max_rows: state.imports.max_rows,
        key,
    };
    let received = upload::receive(&state, &wanted, None, &principal, request).await?;
    accepted(&state, received).await
}

/// 202 with where to look.
pub(super) async fn accepted(state: &AppState, received: imports::Received) -> Result<Response> {
    let mut db = state.context.pool.acquire().await?;
    let import = store::find(&mut db, received.id)
        .await?
        .ok_or_else(|| Error::not_found("import"))?;
    let mut view = View::new(import, &state.context.clock);
    view.ignored_columns = Some(received.ignored_columns);
    let location = HeaderValue::from_str(&format!("/api/products/imports/{}", received.id))
        .map_err(Error::internal)?;
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, location)],
        Json(view),
    )
        .into_response())
}
