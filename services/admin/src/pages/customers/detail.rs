//! One customer: who they are, what they ordered, and what can be done about it.

use askama::Template;
use auth_token::Role;
use auth_token::permissions::{
    ManageOrders, ManageUsers, ReadAudit, ReadCatalogue, ReadOrders, ReadUsers, UseInbox,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use primitives::{Currency, SessionId, Timestamp, UserId};
use serde::Deserialize;

use super::SECTION;
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query};
use crate::pages::audit::{Act, acts};
use crate::pages::shell::Shell;
use crate::read::customer_orders::{self, Totals};
use crate::read::customers::{self, Address, Customer};
use crate::read::orders::{self, OrderFilter, OrderRow};
use crate::read::sellers::{self, Offered, Written};
use crate::read::snapshot;
use crate::session::{May, Session};
use crate::store::audit_rows::{self, AuditFilter};
use crate::store::messages::{Thread, lists};

/// Orders, reviews, conversations and acts that are shown; links lead to all of them.
const ORDERS: i64 = 8;
const OTHERS: i64 = 5;
const ACTS: i64 = 12;

#[derive(Template)]
#[template(path = "customers/detail.html")]
struct Page {
    shell: Shell,
    customer: Customer,
    currency: Currency,
    totals: Totals,
    orders: Vec<OrderRow>,
    /// That were placed as a guest with their address.
    of_guests: i64,
    addresses: Vec<Address>,
    /// Nothing if auth does not say.
    sessions: Option<Vec<SignedIn>>,
    reviews: Vec<Written>,
    threads: Vec<Thread>,
    acts: Vec<Act>,
    /// What a seller offers.
    offered: Offered,
    may: Rights,
    /// Whether this is who looks.
    own: bool,
}

/// What is shown, because it is allowed.
struct Rights {
    manage: bool,
    claim: bool,
    audit: bool,
}

impl Page {
    fn roles(&self) -> Vec<(Role, &'static str, bool)> {
        let meaning = |role| match role {
            Role::Customer => "Customer: buys",
            Role::Seller => "Seller: offers products, which staff approve",
            Role::Support => "Support: serves orders, reviews and messages",
            Role::Admin => "Admin: may do everything",
        };
        Role::ALL
            .into_iter()
            .map(|role| (role, meaning(role), role == self.customer.role))
            .collect()
    }

    fn open(&self) -> bool {
        self.customer.disabled_at.is_none() && self.customer.deletes_at.is_none()
    }
}

/// A sign-in that has not ended, as auth tells it.
#[derive(Deserialize)]
struct SignedIn {
    id: SessionId,
    device: String,
    ip: Option<String>,
    created_at: Timestamp,
    last_seen_at: Timestamp,
}

#[derive(Deserialize)]
struct Sessions {
    data: Vec<SignedIn>,
}

#[derive(Deserialize)]
pub(super) struct Params {
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadUsers>,
    Path(id): Path<UserId>,
    Query(params): Query<Params>,
) -> Result<Response> {
    let account = async {
        let mut db = snapshot(&app.auth_db).await?;
        let customer = customers::find(&mut db, id, app.clock.now()).await?;
        let addresses = customers::addresses(&mut db, id).await?;
        Ok::<_, sqlx::Error>((customer, addresses))
    };
    let bought = async {
        let mut db = snapshot(&app.order_db).await?;
        let mut totals = customer_orders::totals(&mut db, &[id.uuid()]).await?;
        let filter = OrderFilter {
            customer: Some(id),
            ..OrderFilter::default()
        };
        let last = orders::list(&mut db, &filter, None, ORDERS).await?;
        let erased_at = customer_orders::erased_at(&mut db, id).await?;
        Ok::<_, sqlx::Error>((
            totals.remove(&id.uuid()).unwrap_or_default(),
            last,
            erased_at,
        ))
    };
    let said = async {
        let mut db = snapshot(&app.product_db).await?;
        let reviews = sellers::written_by(&mut db, id, OTHERS).await?;
        let mut offered = sellers::offered(&mut db, &[id.uuid()]).await?;
        Ok::<_, sqlx::Error>((reviews, offered.remove(&id.uuid()).unwrap_or_default()))
    };
    let own = async {
        let mut db = snapshot(&app.pool).await?;
        let threads = lists::of_user(&mut db, id, None, None, OTHERS).await?;
        let about = AuditFilter {
            target: format!("user:{id}"),
            ..AuditFilter::default()
        };
        let rows = if session.may::<ReadAudit>() {
            audit_rows::list(&mut db, &about, None, ACTS).await?
        } else {
            Vec::new()
        };
        Ok::<_, sqlx::Error>((threads, rows))
    };
    let (account, bought, said, own, sessions) =
        tokio::join!(account, bought, said, own, signed_in(&app, &session, id));
    let (customer, addresses) = account?;
    let (totals, orders, erased_at) = bought?;
    let Some(customer) = customer else {
        return gone(&session, id, erased_at, &orders);
    };
    let mut db = app.order_db.acquire().await?;
    let of_guests = customer_orders::of_guests(&mut db, &customer.email).await?;
    drop(db);
    let (reviews, offered) = said?;
    let (threads, rows) = own?;
    let page = Page {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        currency: app.currency(),
        totals,
        orders: shown::<ReadOrders, _>(&session, orders),
        of_guests,
        addresses,
        sessions,
        reviews: shown::<ReadCatalogue, _>(&session, reviews),
        threads: shown::<UseInbox, _>(&session, threads),
        acts: acts(&rows),
        offered,
        may: Rights {
            manage: session.may::<ManageUsers>(),
            claim: session.may::<ManageOrders>(),
            audit: session.may::<ReadAudit>(),
        },
        own: customer.id == session.user_id,
        customer,
    };
    Ok(Html(page.render()?).into_response())
}

fn shown<P: auth_token::permissions::Permission, T>(session: &Session, rows: Vec<T>) -> Vec<T> {
    if session.may::<P>() { rows } else { Vec::new() }
}

/// From where they are signed in; the panel's grants do not say, auth does.
async fn signed_in(app: &AppState, session: &Session, id: UserId) -> Option<Vec<SignedIn>> {
    let path = format!("/internal/api/users/{id}/sessions");
    let answer: std::result::Result<Sessions, _> =
        app.auth.get(&path, Some(&session.on_behalf_of())).await;
    match answer {
        Ok(sessions) => Some(sessions.data),
        // The account is gone, which the page says.
        Err(error) if error.code() == Some("not_found") => None,
        Err(error) => {
            tracing::warn!(%error, "auth does not say where somebody is signed in");
            None
        }
    }
}

#[derive(Template)]
#[template(path = "customers/gone.html")]
struct Gone {
    shell: Shell,
    id: UserId,
    erased_at: Option<Timestamp>,
    has_orders: bool,
}

/// Somebody whose account is deleted, if anything tells that there was one.
fn gone(
    session: &Session,
    id: UserId,
    erased_at: Option<Timestamp>,
    orders: &[OrderRow],
) -> Result<Response> {
    if erased_at.is_none() && orders.is_empty() {
        return Err(PageError::not_found().back_to(SECTION));
    }
    let page = Gone {
        shell: Shell::new(session, SECTION, None),
        id,
        erased_at,
        has_orders: !orders.is_empty(),
    };
    Ok((StatusCode::GONE, Html(page.render()?)).into_response())
}
