//! `/docs`: the APIs of all services in one document, with a page to read and try it. Works without the internet.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use utoipa_swagger_ui::SwaggerUi;

/// Merged from the services' own documents by `cargo xtask openapi`.
const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

pub(crate) fn routes() -> Router {
    // Its default is to ask a website whether the document is valid.
    let page = SwaggerUi::new("/docs")
        .config(utoipa_swagger_ui::Config::from("/docs/openapi.json").validator_url("none"));
    Router::new()
        .route(
            "/docs/openapi.json",
            get(async || ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)),
        )
        .merge(page)
        .layer(map_response(policy))
}

/// Swagger UI sets styles inline, and draws with data URLs.
async fn policy(mut response: Response) -> Response {
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    response
}
