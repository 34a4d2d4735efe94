use axum::extract::State;
use axum::response::Redirect;
use primitives::ProductId;
use serde::Deserialize;
use serde_json::json;

use crate::app::AppState;
use crate::error::Result;
use crate::input::{Path, StaffForm};
use crate::pages::act::{Act, act};

/// Where decisions are made.
const QUEUE: &str = "/admin/products?status=pending_review";

#[derive(Deserialize)]
pub(super) struct Approve {}

pub(super) async fn approve(
    State(app): State<AppState>,
    Path(id): Path<ProductId>,
    StaffForm(session, Approve {}): StaffForm<Approve>,
) -> Result<Redirect> {
    let path = format!("/internal/products/{id}/approve");
    let approve = Act {
        action: "product.approve",
        target: format!("product:{id}"),
        service: &app.product,
        path,
        key: None,
        body: json!({}),
        page: QUEUE,
    };
    act(&app, &session, approve).await?;
    Ok(Redirect::to(&format!("{QUEUE}&done=approve")))
}

#[derive(Deserialize)]
pub(super) struct Reject {
    reason: String,
}

pub(super) async fn reject(
    State(app): State<AppState>,
    Path(id): Path<ProductId>,
    StaffForm(session, form): StaffForm<Reject>,
) -> Result<Redirect> {
    let path = format!("/internal/products/{id}/reject");
    let body = json!({ "reason": form.reason.trim() });
    let reject = Act {
        action: "product.reject",
        target: format!("product:{id}"),
        service: &app.product,
        path,
        key: None,
        body,
        page: QUEUE,
    };
    act(&app, &session, reject).await?;
    Ok(Redirect::to(&format!("{QUEUE}&done=reject")))
}
