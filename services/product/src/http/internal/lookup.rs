//! `POST /internal/variants/lookup`

use auth_token::Service;
use axum::extract::State;
use contracts::internal::variants::{LookupRequest, LookupResponse};
use http_kit::{FieldErrors, Json, Problem, Result};

use crate::app::AppState;
use crate::store::stock;

/// What others need to know of variants, in one statement for any number. What is not known is absent.
#[utoipa::path(
    post, path = "/internal/variants/lookup", tag = "internal",
    request_body = LookupRequest,
    responses((status = 200, body = LookupResponse), (status = 401, body = Problem), (status = 422, body = Problem))
)]
pub(crate) async fn lookup_variants(
    State(state): State<AppState>,
    _service: Service,
    Json(body): Json<LookupRequest>,
) -> Result<Json<LookupResponse>> {
    let mut errors = FieldErrors::new();
    for (field, found, most) in [
        ("variant_ids", body.variant_ids.len(), 1_000),
        ("product_ids", body.product_ids.len(), 100),
    ] {
        if found > most {
            errors.push(field, "too_many", format!("must be at most {most}"));
        }
    }
    errors.into_result()?;
    let variants: Vec<_> = body.variant_ids.iter().map(|id| id.uuid()).collect();
    let products: Vec<_> = body.product_ids.iter().map(|id| id.uuid()).collect();
    let mut db = state.context.pool.acquire().await?;
    let found = stock::read(&mut db, &variants, &products, state.context.clock.now()).await?;
    Ok(Json(LookupResponse {
        variants: found.into_values().map(|item| item.snapshot).collect(),
    }))
}
