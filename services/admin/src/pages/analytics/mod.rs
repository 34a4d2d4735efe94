//! Analytics: what was sold, by whatever one may ask; what the stock is worth; which customers come back. Each tab is a [`view::View`]: tiles, a chart,
//! and a table, which is also what the CSV has. All state is in the address.

mod customers;
mod kept;
mod period;
mod ranked;
mod sales;
mod stock;
mod view;

use askama::Template;
use auth_token::permissions::ReadOrders;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use primitives::{Currency, Timestamp};
use serde::Deserialize;

pub(crate) use self::kept::KeptRankings;
use self::period::Period;
use self::view::View;
use super::shell::Shell;
use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::{Path, Query};
use crate::session::May;
use crate::store::analytics_pages::{self, Meta};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/analytics", get(first))
        .route("/admin/analytics/{tab}", get(tab))
}

/// So many rows of a table are on a page.
const ROWS: usize = 130;

/// The tabs, each with its address and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Sales,
    Products,
    Categories,
    Sellers,
    Coupons,
    Countries,
    Taxes,
    Stock,
    Customers,
}

const TABS: [(Tab, &str, &str); 9] = [
    (Tab::Sales, "sales", "Sales"),
    (Tab::Products, "products", "Products"),
    (Tab::Categories, "categories", "Categories"),
    (Tab::Sellers, "sellers", "Sellers"),
    (Tab::Coupons, "coupons", "Coupons"),
    (Tab::Countries, "countries", "Countries"),
    (Tab::Taxes, "taxes", "Taxes"),
    (Tab::Stock, "stock", "Stock"),
    (Tab::Customers, "customers", "Customers"),
];

impl Tab {
    fn word(self) -> &'static str {
        TABS.iter()
            .find(|(tab, ..)| *tab == self)
            .map_or("sales", |(_, word, _)| word)
    }

    /// Whether days can be chosen.
    const fn has_range(self) -> bool {
        !matches!(self, Self::Customers)
    }

    /// Whether numbers are told step by step.
    const fn has_steps(self) -> bool {
        matches!(self, Self::Sales)
    }

    const fn has_before(self) -> bool {
        !matches!(self, Self::Taxes | Self::Stock | Self::Customers)
    }
}

/// What an address says. All may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Params {
    range: String,
    from: String,
    to: String,
    /// The days that the form showed: others were chosen if they differ.
    shown: String,
    by: String,
    compare: String,
    currency: String,
    sort: String,
    show: String,
    cursor: Option<http_kit::Cursor>,
}

/// What every tab is made with.
struct Question<'a> {
    pub(super) app: &'a AppState,
    pub(super) params: &'a Params,
    pub(super) meta: &'a Meta,
    pub(super) period: &'a Period,
    pub(super) currency: Currency,
    pub(super) compare: bool,
    /// The address of this page without a place in the list.
    pub(super) here: String,
}

#[derive(Template)]
#[template(path = "analytics/page.html")]
struct Page {
    shell: Shell,
    tab: Tab,
    tabs: Vec<(String, &'static str, bool)>,
    ranges: Vec<(String, &'static str, bool)>,
    params: Params,
    period: Period,
    compare: bool,
    currency: Currency,
    currencies: Vec<Currency>,
    zone: String,
    as_of: Option<Timestamp>,
    filling: bool,
    pending: i64,
    view: View,
    csv: String,
}

impl Page {
    fn steps(&self) -> Vec<(&'static str, &'static str, bool)> {
        let all = period::STEPS.iter();
        all.map(|(step, word)| (*word, *word, *step == self.period.by))
            .collect()
    }

    fn path(&self) -> String {
        format!("/admin/analytics/{}", self.tab.word())
    }
}

async fn first(
    app: State<AppState>,
    session: May<ReadOrders>,
    raw: RawQuery,
    params: Query<Params>,
) -> Result<Response> {
    tab(app, session, Path("sales".to_owned()), raw, params).await
}

async fn tab(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    Query(params): Query<Params>,
) -> Result<Response> {
    let (name, csv) = match name.strip_suffix(".csv") {
        Some(name) => (name, true),
        None => (name.as_str(), false),
    };
    let Some((tab, word, _)) = TABS.into_iter().find(|(_, word, _)| *word == name) else {
        return Err(crate::error::PageError::not_found());
    };
    let meta = analytics_pages::meta(
        &mut *app.pool.acquire().await?,
        app.clock.now(),
        &app.time_zone,
    )
    .await?;
    let period = Period::of(&params, meta.today)?;
    let currency = meta.currency(&params.currency);
    let compare = params.compare != "no" && tab.has_before();
    let path = format!("/admin/analytics/{word}");
    let (from, to) = match period.range {
        "custom" => (period.from.to_string(), period.to.to_string()),
        _ => Default::default(),
    };
    let asked = [
        ("range", period.range),
        ("from", &from),
        ("to", &to),
        ("by", &params.by),
        ("compare", &params.compare),
        ("currency", &params.currency),
    ];
    let own = [
        asked.as_slice(),
        &[("sort", &params.sort), ("show", &params.show)],
    ]
    .concat();
    let question = Question {
        app: &app,
        params: &params,
        meta: &meta,
        period: &period,
        currency,
        compare,
        here: super::shell::link(&path, &own),
    };
    let mut view = match tab {
        Tab::Sales => sales::view(&question).await?,
        Tab::Stock => stock::view(&question).await?,
        Tab::Customers => customers::view(&question).await?,
        _ => ranked::view(&question, tab).await?,
    };
    if csv {
        let file = format!("{word}-{}-{}-{currency}", period.from, period.to);
        return view.table.csv(&file);
    }
    // A page stays short; the file has all.
    let more = view.table.rows.len().saturating_sub(ROWS);
    if more > 0 {
        view.table.rows.truncate(ROWS);
        view.notes.push(format!("The CSV has {more} more rows."));
    }
    let query = query.unwrap_or_default();
    let page = Page {
        shell: Shell::new(&session, "/admin/analytics", None),
        tab,
        tabs: TABS
            .into_iter()
            .map(|(other, word, label)| {
                let path = format!("/admin/analytics/{word}");
                (super::shell::link(&path, &asked), label, other == tab)
            })
            .collect(),
        ranges: period::ROLLING
            .iter()
            .map(|(range, label)| {
                let kept: Vec<_> = own
                    .iter()
                    .copied()
                    .filter(|(name, _)| !["range", "from", "to", "by"].contains(name))
                    .collect();
                let pairs = [&[("range", *range)], kept.as_slice()].concat();
                (
                    super::shell::link(&path, &pairs),
                    *label,
                    *range == period.range,
                )
            })
            .collect(),
        csv: format!("{path}.csv?{query}"),
        params,
        period,
        compare,
        currency,
        currencies: meta.currencies.clone(),
        zone: app.time_zone.clone(),
        as_of: if tab == Tab::Stock {
            meta.stock_as_of
        } else {
            view.as_of.or(meta.as_of)
        },
        filling: meta.filling,
        pending: meta.pending,
        view,
    };
    Ok(Html(page.render()?).into_response())
}
