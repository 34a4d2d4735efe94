use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use primitives::ProductId;
use serde::Deserialize;
use serde_json::json;

use super::act::{Act, act};
use crate::app::AppState;
use crate::error::Result;
use crate::session::Session;

#[derive(Deserialize)]
pub(super) struct Approve {
    csrf: String,
}

pub(super) async fn approve(
    State(app): State<AppState>,
    session: Session,
    Path(id): Path<ProductId>,
    Form(form): Form<Approve>,
) -> Result<Redirect> {
    session.check_csrf(&form.csrf)?;
    let path = format!("/internal/products/{id}/approve");
    let approve = Act { action: "product.approve", target: format!("product:{id}"), service: &app.product, path, key: None, body: json!({}) };
    act(&app, &session, approve).await?;
    Ok(Redirect::to("/admin/products?status=pending_review&done=approve"))
}

#[derive(Deserialize)]
pub(super) struct Reject {
    csrf: String,
    reason: String,
}

pub(super) async fn reject(
    State(app): State<AppState>,
    session: Session,
    Path(id): Path<ProductId>,
    Form(form): Form<Reject>,
) -> Result<Redirect> {
    session.check_csrf(&form.csrf)?;
    let path = format!("/internal/products/{id}/reject");
    let body = json!({ "reason": form.reason.trim() });
    let reject = Act { action: "product.reject", target: format!("product:{id}"), service: &app.product, path, key: None, body };
    act(&app, &session, reject).await?;
    Ok(Redirect::to("/admin/products?status=pending_review&done=reject"))
}
