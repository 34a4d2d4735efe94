use std::collections::HashMap;

use askama::Template;
use auth_token::permissions::ReadUsers;
use axum::extract::{RawQuery, State};
use axum::response::Html;
use primitives::{Timestamp, UserId};
use serde::Deserialize;

use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::{Shell, link};
use crate::pages::views::Views;
use crate::read::{self, money, snapshot};
use crate::session::May;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "customers/list.html")]
struct Page {
    shell: Shell,
    views: Views,
    q: String,
    users: Vec<Customer>,
    next: Option<String>,
}

struct Customer {
    email: String,
    email_verified: bool,
    name: String,
    role: String,
    disabled: bool,
    created_at: Timestamp,
    orders: i64,
    spent: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    q: String,
    after: Option<UserId>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadUsers>,
    RawQuery(query): RawQuery,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let q = params.q.trim().to_owned();
    let mut users = read::users::list(
        &mut *snapshot(&app.auth_db).await?,
        &q,
        params.after,
        PAGE as i64 + 1,
    )
    .await?;
    let next = (users.len() > PAGE)
        .then(|| users.truncate(PAGE))
        .and_then(|()| users.last())
        .map(|last| {
            link(
                "/admin/customers",
                &[("q", &q), ("after", &last.id.to_string())],
            )
        });
    let ids: Vec<_> = users.iter().map(|user| user.id.uuid()).collect();
    let orders = read::orders::of_users(&mut *snapshot(&app.order_db).await?, &ids).await?;
    let orders: HashMap<_, _> = orders
        .into_iter()
        .map(|(user, count, spent, currency)| (user, (count, spent, currency)))
        .collect();
    let users = users
        .into_iter()
        .map(|user| {
            let (count, spent) = match orders.get(&user.id.uuid()) {
                Some((count, spent, Some(currency))) => {
                    (*count, money(*spent, currency)?.to_string())
                }
                _ => (0, String::new()),
            };
            Ok(Customer {
                email: user.email,
                email_verified: user.email_verified,
                name: user.name,
                role: user.role,
                disabled: user.disabled,
                created_at: user.created_at,
                orders: count,
                spent,
            })
        })
        .collect::<sqlx::Result<Vec<_>>>()?;
    let views = Views::of(&app, &session, "/admin/customers", query.as_deref()).await?;
    Ok(Html(
        Page {
            shell: Shell::new(&session, "/admin/customers", None),
            views,
            q,
            users,
            next,
        }
        .render()?,
    ))
}
