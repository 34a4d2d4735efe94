//! Orders that were placed as a guest with the address of an account: first which they are, then they are given to it.

use askama::Template;
use auth_token::permissions::{ManageOrders, ReadUsers};
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::{OrderId, UserId};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{SECTION, back, find, path};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, StaffForm};
use crate::pages::act::{Change, change};
use crate::pages::shell::Shell;
use crate::read::customers::Customer;
use crate::read::orders::{OrderFilter, OrderRow};
use crate::read::{orders, snapshot};
use crate::session::May;

/// More than anybody looks through at once.
const MOST: i64 = 100;

#[derive(Template)]
#[template(path = "customers/claim.html")]
struct Page {
    shell: Shell,
    customer: Customer,
    orders: Vec<OrderRow>,
    may: bool,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadUsers>,
    Path(id): Path<UserId>,
) -> Result<Html<String>> {
    let customer = find(&app, id).await?;
    let filter = OrderFilter {
        guest: Some(customer.email.clone()),
        ..OrderFilter::default()
    };
    let mut db = snapshot(&app.order_db).await?;
    let orders = orders::list(&mut db, &filter, None, MOST).await?;
    drop(db);
    let page = Page {
        shell: Shell::new(&session, SECTION, None),
        may: session.may::<ManageOrders>()
            && customer.email_verified_at.is_some()
            && customer.disabled_at.is_none()
            && customer.deletes_at.is_none(),
        customer,
        orders,
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Claim {
    #[serde(default)]
    order: Vec<OrderId>,
}

/// Exactly those that were chosen: order leaves alone what has an owner by now, so that a form that is sent twice acts once.
pub(super) async fn submit(
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    StaffForm(session, form): StaffForm<Claim>,
) -> Result<Redirect> {
    let page = path(id);
    if form.order.is_empty() {
        let nothing = PageError::invalid("Choose the orders that belong to this account.");
        return Err(nothing.back_to(&format!("{page}/claim")));
    }
    // Nobody can take it back.
    session.check_fresh(app.clock.now())?;
    let body = json!({ "user_id": id, "order_ids": form.order });
    let behalf = session.on_behalf_of();
    let request = app
        .order
        .call(Method::POST, "/internal/api/orders/claims", Some(&behalf))?;
    let asked = Change {
        action: "order.claim",
        target: format!("user:{id}"),
        details: json!({ "request": body }),
        call: request.json(&body),
        page: &page,
    };
    change::<Value>(&app, &session, asked).await?;
    Ok(back(id, "claimed"))
}
