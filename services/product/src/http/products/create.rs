//! `POST /api/products`

use auth_token::{Role, Seller};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use http_kit::{Error, Json, Problem, Result};

use super::body::{CreateProduct, FirstStatus};
use super::view::Product;
use crate::app::AppState;
use crate::http::precondition;
use crate::workflows::products;

/// Drafts a product. It is public once staff approve it; an admin may create it so.
#[utoipa::path(
    post, path = "/api/products", tag = "products", security(("bearer" = [])),
    request_body = CreateProduct,
    responses(
        (status = 201, body = Product),
        (status = 401, body = Problem),
        (status = 403, description = "`forbidden`: customers, and sellers with `\"status\": \"active\"`", body = Problem),
        (status = 409, description = "`sku_taken`, `slug_taken`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn create_product(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Json(body): Json<CreateProduct>,
) -> Result<Response> {
    let approved = match body.status {
        Some(FirstStatus::Active) if seller.role != Role::Admin => {
            return Err(Error::forbidden(
                "forbidden",
                "Only staff may make a product public.",
            ));
        }
        Some(FirstStatus::Active) => true,
        Some(FirstStatus::Draft) | None => false,
    };
    let created = products::create(&state.context, &seller, approved, &body.check()?).await?;
    let location =
        HeaderValue::from_str(&format!("/api/products/{}", created.id)).map_err(Error::internal)?;
    let product = Product::new(created, &state.media)?;
    let mut response = precondition::written(StatusCode::CREATED, product.version, &product)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}
