//! What the OpenAPI document says besides the operations.

use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};

#[derive(OpenApi)]
#[openapi(
    info(title = "Mercato: orders", description = "Carts, orders, payments, shipments, returns and coupons.", version = "1"),
    tags(
        (name = "cart", description = "A guest's or a user's basket"),
        (name = "orders", description = "Placing, following and cancelling orders"),
        (name = "payments", description = "Paying and refunding"),
        (name = "shipments", description = "Parcels"),
        (name = "returns", description = "Sending things back"),
        (name = "coupons", description = "Coupons"),
        (name = "promotions", description = "What is taken off without anybody asking"),
        (name = "shipping methods", description = "Ways of sending, and what they cost"),
        (name = "taxes", description = "Tax rates by country, region and class"),
    ),
    modifiers(&Security),
)]
struct Document;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(
            "bearer",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
        let header = |name: &str| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(name)));
        components.add_security_scheme("cart_token", header("X-Cart-Token"));
        components.add_security_scheme("order_token", header("X-Order-Token"));
    }
}

pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The committed document: pretty JSON with a line break at its end.
pub(crate) fn json() -> Option<String> {
    let (_, mut document) = super::public().split_for_parts();
    http_kit::openapi::complete(&mut document);
    document.to_pretty_json().ok().map(|json| json + "\n")
}
