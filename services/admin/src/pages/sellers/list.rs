use askama::Template;
use auth_token::Role;
use auth_token::permissions::{ManageUsers, ReadUsers};
use axum::extract::State;
use axum::response::Html;
use http_kit::Cursor;
use primitives::{Currency, Money, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::{SECTION, month_ago, share_back};
use crate::app::AppState;
use crate::domain::sales::Measures;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::{Shell, link};
use crate::read::customers::{self, CustomerFilter, CustomerRow, Place};
use crate::read::sellers::{self, Offered};
use crate::read::snapshot;
use crate::session::May;
use crate::store::{analytics_pages, seller_sales};

/// Each may offer very many products, which are counted.
const PAGE: usize = 25;

#[derive(Template)]
#[template(path = "sellers/list.html")]
struct Page {
    shell: Shell,
    q: String,
    sellers: Vec<Seller>,
    manage: bool,
    as_of: Option<Timestamp>,
    /// Of what they sold; that in other currencies is on their pages of analytics.
    currency: Currency,
    next: Option<String>,
}

struct Seller {
    user: CustomerRow,
    offered: Offered,
    sold: Measures,
    revenue: Money,
    back: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    q: String,
    cursor: Option<Cursor>,
}

/// Newest first. What they sold in the last thirty days is from the sums.
pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadUsers>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let after = params.cursor.as_ref().map(Cursor::decode::<Place>);
    let after = after.transpose().map_err(|_| {
        PageError::invalid("The link to this page of the list is broken.").back_to(SECTION)
    })?;
    let q = params.q.trim().to_owned();
    let filter = CustomerFilter {
        q: q.clone(),
        role: Some(Role::Seller),
        ..CustomerFilter::default()
    };
    let mut users = customers::list(
        &mut *snapshot(&app.auth_db).await?,
        &filter,
        after,
        PAGE as i64 + 1,
    )
    .await?;
    let more = users.len() > PAGE;
    users.truncate(PAGE);
    let next = match users.last().filter(|_| more) {
        Some(last) => {
            let cursor = Cursor::encode(&(last.created_at, last.id));
            let cursor = cursor.map_err(|_| PageError::not_found())?;
            Some(link(SECTION, &[("q", &q), ("cursor", cursor.as_str())]))
        }
        None => None,
    };
    let ids: Vec<Uuid> = users.iter().map(|user| user.id.uuid()).collect();
    let keys: Vec<String> = users.iter().map(|user| user.id.to_string()).collect();
    let mut offered = sellers::offered(&mut *snapshot(&app.product_db).await?, &ids).await?;
    let mut db = snapshot(&app.pool).await?;
    let meta = analytics_pages::meta(&mut db, app.clock.now(), &app.time_zone).await?;
    let currency = meta.currency("");
    let from = month_ago(meta.today);
    let sold = seller_sales::of_sellers(&mut db, currency, &keys, from, meta.today).await?;
    drop(db);
    let sellers = std::iter::zip(users, keys).map(|(user, key)| {
        let sold = sold.get(&key).copied().unwrap_or_default();
        Seller {
            offered: offered.remove(&user.id.uuid()).unwrap_or_default(),
            revenue: Money::new(sold.net(), currency),
            back: share_back(sold),
            sold,
            user,
        }
    });
    let page = Page {
        shell: Shell::new(&session, SECTION, None),
        q,
        sellers: sellers.collect(),
        manage: session.may::<ManageUsers>(),
        as_of: meta.as_of,
        currency,
        next,
    };
    Ok(Html(page.render()?))
}
