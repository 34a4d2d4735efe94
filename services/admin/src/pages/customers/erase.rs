//! Taking along what the shop keeps of somebody, and having it deleted. The page first says what goes, what stays and why, and what stands
//! in the way.

use askama::Template;
use auth_token::Role;
use auth_token::permissions::ManageUsers;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use primitives::UserId;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::account::{Call, call};
use super::{SECTION, back, find, path};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Nothing, Path, StaffForm};
use crate::pages::shell::Shell;
use crate::read::customers::{self, Customer};
use crate::read::{customer_orders, sellers, snapshot};
use crate::session::May;
use crate::store;

#[derive(Template)]
#[template(path = "customers/erase.html")]
struct Page {
    shell: Shell,
    customer: Customer,
    /// What stands in the way: nothing is deleted before it is out of it.
    blocked: Vec<&'static str>,
    orders: customer_orders::Kept,
    products: sellers::Kept,
    conversations: i64,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageUsers>,
    Path(id): Path<UserId>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.auth_db).await?;
    let customer = customers::find(&mut db, id, app.clock.now())
        .await?
        .ok_or_else(|| PageError::not_found().back_to(SECTION))?;
    let another_admin = customers::another_admin(&mut db, id).await?;
    drop(db);
    let mut blocked = Vec::new();
    if id == session.user_id {
        blocked.push("This is you. Delete your own account where you manage it.");
    }
    if customer.role == Role::Admin && !another_admin {
        blocked.push("The shop needs an admin: make somebody else one first.");
    }
    let orders = customer_orders::kept(&mut *snapshot(&app.order_db).await?, id).await?;
    let products = sellers::kept(&mut *snapshot(&app.product_db).await?, id).await?;
    let conversations =
        store::messages::lists::count_of(&mut *app.pool.acquire().await?, id).await?;
    let page = Page {
        shell: Shell::new(&session, SECTION, None),
        customer,
        blocked,
        orders,
        products,
        conversations,
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Erase {
    version: i32,
    /// Typed by hand, so that nobody deletes the wrong one.
    #[serde(default)]
    email: String,
}

pub(super) async fn submit(
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    StaffForm(session, form): StaffForm<Erase>,
) -> Result<Redirect> {
    let customer = find(&app, id).await?;
    if form.email.trim().to_lowercase() != customer.email {
        let wrong = PageError::invalid("The address that you typed is not that of this account.");
        return Err(wrong.back_to(&format!("{}/erase", path(id))));
    }
    let asked = Call {
        action: "user.schedule_deletion",
        method: Method::POST,
        to: "/deletion".to_owned(),
        version: Some(form.version),
        body: Value::Null,
    };
    call(&app, &session, id, asked).await?;
    Ok(back(id, "erase"))
}

pub(super) async fn keep(
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    let asked = Call {
        action: "user.keep",
        method: Method::DELETE,
        to: "/deletion".to_owned(),
        version: None,
        body: Value::Null,
    };
    call(&app, &session, id, asked).await?;
    Ok(back(id, "erase_undone"))
}

/// All that the shop keeps of them, as auth gathers it, passed on as it comes. auth tells the audit log.
pub(super) async fn export(
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Response> {
    let to = format!("/internal/api/users/{id}/export");
    let behalf = session.on_behalf_of();
    let request = app.auth.call(Method::GET, &to, Some(&behalf))?.patiently();
    let document = request
        .stream()
        .await
        .map_err(|error| PageError::from(error).back_to(&path(id)))?;
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"customer-{id}.json\""),
        ),
    ];
    Ok((headers, Body::from_stream(document.bytes_stream())).into_response())
}
