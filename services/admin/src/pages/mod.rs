//! The route table: every page and every form, area by area.

mod access;
mod act;
pub(crate) mod analytics;
mod assets;
mod audit;
mod categories;
mod chart;
mod customers;
mod events;
mod home;
mod imports;
mod inventory;
mod keys;
mod mails;
mod messages;
mod notifications;
mod orders;
mod pricing;
mod products;
mod reviews;
mod search;
mod sellers;
mod settings;
mod shell;
mod theme;
mod upload;
mod views;
mod webhooks;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::response::{Redirect, Response};
use axum::routing::{any, get, post};

use crate::app::AppState;
use crate::error::PageError;

pub(crate) fn routes(app: AppState) -> Router {
    Router::new()
        .route("/admin/", get(async || Redirect::permanent("/admin")))
        .route("/admin/keys", get(keys::page).post(keys::submit))
        .route("/admin/theme", post(theme::submit))
        .merge(access::routes())
        .merge(analytics::routes())
        .merge(audit::routes())
        .merge(categories::routes())
        .merge(customers::routes())
        .merge(events::routes())
        .merge(home::routes())
        .merge(mails::routes())
        .merge(messages::routes())
        .merge(notifications::routes())
        .merge(imports::routes())
        .merge(inventory::routes())
        .merge(orders::routes())
        .merge(pricing::routes())
        .merge(products::routes())
        .merge(reviews::routes())
        .merge(search::routes())
        .merge(sellers::routes())
        .merge(settings::routes())
        .merge(views::routes())
        .merge(webhooks::routes())
        .route("/admin/{*unknown}", any(async || PageError::not_found()))
        .method_not_allowed_fallback(async || PageError::wrong_method())
        .layer(from_fn_with_state(app.clone(), access::step_up::layer))
        .layer(map_response_with_state(app.clone(), policy))
        .route("/admin/assets/{name}", get(assets::asset))
        .with_state(app)
}

/// Pages load nothing but our own files, run no script that stands in them, and are kept by no cache. A document that another service made has a stricter
/// policy of its own.
async fn policy(State(app): State<AppState>, mut response: Response) -> Response {
    let pictures = origin(&app.media);
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{pictures}; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// The site that pictures come from, with a space before it, if that is not ours.
fn origin(media: &str) -> String {
    match media.split_once("://") {
        Some((scheme, rest)) => {
            let host = rest.split('/').next().unwrap_or_default();
            format!(" {scheme}://{host}")
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn only_the_site_of_the_pictures_is_let_in() {
        assert_eq!(origin("/media"), "");
        assert_eq!(
            origin("https://cdn.example.com/shop/x"),
            " https://cdn.example.com"
        );
    }
}
