//! `POST /api/products/imports/{id}/retry`

use auth_token::Seller;
use axum::extract::{Request, State};
use axum::response::Response;
use http_kit::{Error, IdempotencyKey, Path, Problem, Result};
use primitives::ImportId;

use super::create::{ImportFile, accepted};
use super::upload;
use super::view::View;
use crate::app::AppState;
use crate::error::ImportError;
use crate::store::imports::Status;
use crate::workflows::imports;

/// Goes on with an import that has finished: the file has its bad rows, mended, as `GET …/errors` gave them. Only their products are
/// tried again.
#[utoipa::path(
    post, path = "/api/products/imports/{id}/retry", tag = "import and export", security(("bearer" = [])),
    params(("id" = ImportId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    request_body(content((String = "text/csv"), (ImportFile = "multipart/form-data"))),
    responses(
        (status = 202, body = View),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`import_not_finished`, `too_many_imports`", body = Problem),
        (status = 413, description = "`payload_too_large`, `too_many_rows`", body = Problem),
        (status = 415, description = "`unsupported_media_type`", body = Problem),
        (status = 422, description = "as the first upload", body = Problem),
    )
)]
pub(crate) async fn retry_import(
    State(state): State<AppState>,
    Seller(principal): Seller,
    Path(id): Path<ImportId>,
    key: Option<IdempotencyKey>,
    request: Request,
) -> Result<Response> {
    let mut db = state.context.pool.acquire().await?;
    let import = super::find(&mut db, id, &principal).await?;
    drop(db);
    if import.status != Status::Finished {
        return Err(ImportError::Status(import.status).into());
    }
    let wanted = imports::Request {
        requested_by: principal.user_id,
        seller_id: import.seller_id,
        by_staff: import.by_staff,
        format: import.format,
        dry_run: import.dry_run,
        currency: import
            .currency
            .parse()
            .map_err(|error: primitives::TextError| Error::internal(error))?,
        max_rows: state.imports.max_rows,
        key,
    };
    let received = upload::receive(&state, &wanted, Some(&import), &principal, request).await?;
    accepted(&state, received).await
}
