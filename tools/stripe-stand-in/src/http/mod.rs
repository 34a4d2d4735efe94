//! The routes: Stripe's under `/v1`, the stand-in's own under `/_stand_in`.

mod api;
mod control;
mod gate;
mod pages;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};

use crate::app::App;
use crate::error::ApiError;
use crate::webhooks::Sender;

/// The largest body that is read.
pub const BODY_LIMIT: usize = 1 << 20;

/// All routes.
pub fn router(app: App, sender: Sender) -> Router {
    let stripe = Router::new()
        .route(
            "/payment_intents",
            post(api::create_intent).get(api::list_intents),
        )
        .route(
            "/payment_intents/{id}",
            get(api::intent).post(api::update_intent),
        )
        .route("/payment_intents/{id}/confirm", post(api::confirm_intent))
        .route("/payment_intents/{id}/capture", post(api::capture_intent))
        .route("/payment_intents/{id}/cancel", post(api::cancel_intent))
        .route("/charges", get(api::list_charges))
        .route("/charges/{id}", get(api::charge))
        .route("/refunds", post(api::create_refund).get(api::list_refunds))
        .route("/refunds/{id}", get(api::refund))
        .route("/customers", post(api::create_customer))
        .route(
            "/customers/{id}",
            get(api::customer)
                .post(api::update_customer)
                .delete(api::delete_customer),
        )
        .route("/customers/{id}/payment_methods", get(api::saved_cards))
        .route(
            "/customers/{id}/payment_methods/{card}",
            get(api::card_of_customer),
        )
        .route("/payment_methods/{id}", get(api::saved_card))
        .route("/payment_methods/{id}/attach", post(api::attach_card))
        .route("/payment_methods/{id}/detach", post(api::detach_card))
        .route(
            "/checkout/sessions",
            post(api::create_session).get(api::list_sessions),
        )
        .route("/checkout/sessions/{id}", get(api::session))
        .route("/checkout/sessions/{id}/expire", post(api::expire_session))
        .route("/disputes", get(api::list_disputes))
        .route(
            "/disputes/{id}",
            get(api::dispute).post(api::update_dispute),
        )
        .route("/disputes/{id}/close", post(api::close_dispute))
        .route("/balance_transactions", get(api::list_balance_transactions))
        .route("/balance_transactions/{id}", get(api::balance_transaction))
        .route("/events", get(api::list_events))
        .route("/events/{id}", get(api::event))
        .fallback(unknown)
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            gate::gate,
        ))
        .with_state(app.clone());
    let control = Router::new()
        .route("/health", get(async || StatusCode::OK))
        .route(
            "/faults",
            get(control::faults)
                .post(control::add_fault)
                .delete(control::clear_faults),
        )
        .route("/intents", get(control::intents))
        .route("/intents/{id}/authenticate", post(control::authenticate))
        .route("/refunds/{id}", post(control::settle_refund))
        .route("/intents/{id}/dispute", post(control::raise_dispute))
        .route("/disputes/{id}", post(control::settle_dispute))
        .route(
            "/checkout/{id}",
            get(pages::checkout).post(pages::pay_checkout),
        )
        .route(
            "/3d_secure/{id}",
            get(pages::three_d_secure).post(pages::authenticate),
        )
        .route("/deliveries", get(control::deliveries))
        .route("/requests", get(control::requests))
        .route("/events/{id}/resend", post(control::resend))
        .route("/state", delete(control::forget))
        .with_state((app, sender));
    Router::new()
        .nest("/v1", stripe)
        .nest("/_stand_in", control)
}

async fn unknown(method: axum::http::Method, uri: axum::extract::OriginalUri) -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "invalid_request_error",
        format!("Unrecognized request URL ({method}: {}).", uri.path()),
    )
}
