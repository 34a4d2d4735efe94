//! The REST API: what people write and are told. Everything this service answers besides pages, on one screen.

mod internal;
mod messages;
mod notifications;

use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;

/// For clients, through nginx.
pub(crate) fn public() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(document())
        .routes(routes!(messages::list::handler, messages::start::handler))
        .routes(routes!(messages::unread::handler))
        .routes(routes!(messages::get::handler, messages::change::handler))
        .routes(routes!(
            messages::history::handler,
            messages::write::handler
        ))
        .routes(routes!(messages::read::handler))
        .routes(routes!(messages::assign::handler))
        .routes(routes!(notifications::list::handler))
        .routes(routes!(notifications::read_all::handler))
        .routes(routes!(
            notifications::preferences::get,
            notifications::preferences::put
        ))
        .routes(routes!(notifications::stream::handler))
        .routes(routes!(notifications::mark::handler))
}

/// For other services, on the internal listener.
pub(crate) fn internal() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(internal::export::handler))
        .routes(routes!(internal::settings::handler))
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Mercato: messages and notifications", description = "What people write to the shop and to each other, and what they are told.", version = "1"),
    tags(
        (name = "messages", description = "Conversations with the shop's support, and with sellers about their products"),
        (name = "notifications", description = "What somebody is told, also live"),
    )
)]
struct Document;

fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme(
            "bearer",
            SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
        );
    document
}

/// The committed document: pretty JSON with a line break at its end.
pub(crate) fn json() -> Option<String> {
    let mut document = public().into_openapi();
    http_kit::openapi::complete(&mut document);
    document.to_pretty_json().ok().map(|json| json + "\n")
}
