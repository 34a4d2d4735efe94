use askama::Template;
use auth_token::permissions::{ManageUsers, ReadUsers, UseInbox};
use axum::extract::State;
use axum::response::Html;
use primitives::{Money, Timestamp, UserId};
use serde::Deserialize;
use time::Date;
use uuid::Uuid;

use super::{SECTION, month_ago, share_back};
use crate::app::AppState;
use crate::domain::sales::Measures;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query};
use crate::pages::chart::{Chart, Plot, Series, Unit};
use crate::pages::shell::Shell;
use crate::read::customers::{self, Customer};
use crate::read::sellers::{self, Offered, Sold};
use crate::read::{snapshot, users};
use crate::session::May;
use crate::store::messages::{Thread, lists};
use crate::store::{analytics_pages, seller_sales};

/// Products and conversations that are shown; links lead to all of them.
const PRODUCTS: i64 = 10;
const THREADS: i64 = 5;
/// Months of the chart.
const MONTHS: u8 = 12;

#[derive(Template)]
#[template(path = "sellers/detail.html")]
struct Page {
    shell: Shell,
    seller: Customer,
    offered: Offered,
    best: Vec<Sold>,
    /// Of the last thirty days.
    sold: Measures,
    revenue: Money,
    back: Option<String>,
    as_of: Option<Timestamp>,
    chart: Chart,
    threads: Vec<(Thread, String)>,
    manage: bool,
}

#[derive(Deserialize)]
pub(super) struct Params {
    done: Option<String>,
}

/// Whoever offers anything, or may: the shop's own people sell too.
pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadUsers>,
    Path(id): Path<UserId>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.auth_db).await?;
    let seller = customers::find(&mut db, id, app.clock.now()).await?;
    drop(db);
    let mut db = snapshot(&app.product_db).await?;
    let offered = sellers::offered(&mut db, &[id.uuid()])
        .await?
        .remove(&id.uuid());
    let best = sellers::best(&mut db, id, PRODUCTS).await?;
    drop(db);
    let seller = seller
        .filter(|seller| seller.is_seller() || offered.is_some())
        .ok_or_else(|| PageError::not_found().back_to(SECTION))?;
    let mut db = snapshot(&app.pool).await?;
    let meta = analytics_pages::meta(&mut db, app.clock.now(), &app.time_zone).await?;
    let currency = meta.currency("");
    let (key, today) = (id.to_string(), meta.today);
    let keys = std::slice::from_ref(&key);
    let sold = seller_sales::of_sellers(&mut db, currency, keys, month_ago(today), today).await?;
    let months =
        seller_sales::by_month(&mut db, currency, &key, (first_month(today), today)).await?;
    let threads = if session.may::<UseInbox>() {
        lists::of_seller(&mut db, id, None, None, THREADS).await?
    } else {
        Vec::new()
    };
    drop(db);
    let writers: Vec<Uuid> = threads.iter().map(|thread| thread.user_id.uuid()).collect();
    let names = users::names(&mut *app.auth_db.acquire().await?, &writers).await?;
    let name = |thread: Thread| {
        let name = names.get(&thread.user_id.uuid());
        let name = name.map_or("Deleted account", String::as_str).to_owned();
        (thread, name)
    };
    let sold = sold.get(&key).copied().unwrap_or_default();
    let chart = Plot {
        id: "sold",
        title: "Net sales by month".to_owned(),
        unit: Unit::Money(currency),
        along: "month",
        labels: months.iter().map(|(month, _)| label(*month)).collect(),
        series: vec![Series::new(
            "Net sales",
            months.iter().map(|(_, sold)| sold.net()).collect(),
        )],
        table: true,
    };
    let page = Page {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        seller,
        offered: offered.unwrap_or_default(),
        best,
        revenue: Money::new(sold.net(), currency),
        back: share_back(sold),
        sold,
        as_of: meta.as_of,
        chart: chart.bars(),
        threads: threads.into_iter().map(name).collect(),
        manage: session.may::<ManageUsers>(),
    };
    Ok(Html(page.render()?))
}

/// The first day of the month with which a chart that ends now begins.
fn first_month(today: Date) -> Date {
    let mut first = today.replace_day(1).unwrap_or(today);
    for _ in 1..MONTHS {
        let before = first.previous_day().unwrap_or(first);
        first = before.replace_day(1).unwrap_or(before);
    }
    first
}

/// Such as `Nov 26`.
fn label(month: Date) -> String {
    let name = month.month().to_string();
    let name = name.get(..3).unwrap_or(&name);
    format!("{name} {:02}", month.year().rem_euclid(100))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_chart_has_twelve_months() {
        assert_eq!(first_month(date!(2026 - 11 - 21)), date!(2025 - 12 - 01));
        assert_eq!(label(date!(2025 - 12 - 01)), "Dec 25");
    }
}
