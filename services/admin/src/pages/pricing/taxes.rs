//! Tax rates, what is probably wrong with them, and a bench that splits an amount.

use askama::Template;
use auth_token::permissions::{ManageSettings, ReadOrders};
use axum::extract::State;
use axum::response::Html;
use primitives::{Currency, Money};
use serde::Deserialize;
use serde_json::{Number, Value, json};
use sqlx::PgConnection;

use super::preview::{self, Preview};
use super::sheet::Sheet;
use super::shipping::place;
use crate::app::AppState;
use crate::domain::tax_check::warnings;
use crate::error::Result;
use crate::format::filters;
use crate::input::{Query, amount, chosen};
use crate::pages::shell::Shell;
use crate::read::pricing::taxes::{self, Rate};
use crate::session::May;

const SECTION: &str = "/admin/taxes";
const DAYS: u64 = 90;

#[derive(Template)]
#[template(path = "pricing/taxes.html")]
struct List {
    shell: Shell,
    params: Params,
    countries: Vec<(String, Vec<Rate>)>,
    /// More countries than the page shows.
    more: bool,
    warnings: Vec<String>,
    /// Countries without rates that orders went to lately, and how many.
    untaxed: Vec<(String, i64)>,
    /// Whether prices include taxes, if order says so.
    included: Option<bool>,
    may: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    country: String,
    done: Option<String>,
}

/// Rates on a page that shows all countries.
const MOST: usize = 150;

pub(super) async fn list(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let country = place(&params.country).unwrap_or_default();
    let mut db = app.order_db.acquire().await?;
    let mut rates = taxes::list(&mut db, &country).await?;
    let since = app.clock.now() - std::time::Duration::from_secs(DAYS * 24 * 3600);
    let untaxed = taxes::countries_without(&mut db, since).await?;
    drop(db);
    let warnings = warnings(&rates);
    let more = rates.len() > MOST;
    rates.truncate(MOST);
    let mut countries: Vec<(String, Vec<Rate>)> = Vec::new();
    for rate in rates {
        match countries.last_mut() {
            Some((country, rates)) if *country == rate.country => rates.push(rate),
            _ => countries.push((rate.country.clone(), vec![rate])),
        }
    }
    // An empty cart costs nothing, and tells on which terms.
    let empty = json!({ "lines": [] });
    let terms = preview::ask(&app, &session, &empty).await;
    let page = List {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        countries,
        more,
        warnings,
        untaxed,
        included: terms
            .ok()
            .and_then(std::result::Result::ok)
            .map(|terms| terms.prices_include_tax),
        may: session.may::<ManageSettings>(),
        params,
    };
    Ok(Html(page.render()?))
}

#[derive(Template)]
#[template(path = "pricing/taxes_bench.html")]
struct Bench {
    shell: Shell,
    params: Case,
    currency: Currency,
    answer: Option<std::result::Result<Preview, String>>,
}

/// An amount of goods of a class that are sent somewhere.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Case {
    country: String,
    region: String,
    class: String,
    amount: String,
    /// `yes` or `no`; as the shop's prices are unless said.
    included: String,
}

impl Case {
    fn basket(&self, currency: Currency) -> std::result::Result<Value, String> {
        let worth =
            amount(&self.amount, currency).ok_or("The amount must be a number such as 49.90.")?;
        let class = Some(self.class.trim()).filter(|class| !class.is_empty());
        Ok(json!({
            "lines": [{ "unit_price": worth, "quantity": 1, "tax_class": class.unwrap_or("standard") }],
            "country": place(&self.country), "region": place(&self.region),
            "prices_include_tax": match self.included.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            "with_promotions": false, "with_shipping": false,
        }))
    }
}

impl Bench {
    /// What is left without any tax.
    fn net(answer: &Preview) -> Money {
        let total = answer.total;
        let taxes = answer.tax.amount() + answer.included_tax.amount();
        Money::new(total.amount() - taxes, total.currency())
    }
}

pub(super) async fn bench(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(params): Query<Case>,
) -> Result<Html<String>> {
    let answer = if params.amount.is_empty() {
        None
    } else {
        Some(match params.basket(app.currency()) {
            Ok(basket) => preview::ask(&app, &session, &basket).await?,
            Err(why) => Err(why),
        })
    };
    let page = Bench {
        shell: Shell::new(&session, SECTION, None),
        params,
        currency: app.currency(),
        answer,
    };
    Ok(Html(page.render()?))
}

/// What order is told of a rate.
pub(super) fn body(sheet: &mut Sheet) -> Value {
    let text = sheet.value("percent").replace(',', ".");
    let percent: Option<Number> = text.parse().ok();
    if percent.is_none() {
        sheet.refuse("percent", "must be a number such as 19 or 9.975");
    }
    let country = place(sheet.value("country"));
    if country.is_none() {
        sheet.refuse("country", "is required");
    }
    json!({
        "country": country,
        "region": place(sheet.value("region")),
        "tax_class": sheet.value("tax_class"),
        "name": sheet.value("name"),
        "percent": percent,
        "adds": sheet.is("adds", "true"),
    })
}

/// The form of a rate.
pub(super) async fn kept(db: &mut PgConnection, id: &str) -> sqlx::Result<Option<(Sheet, i32)>> {
    let Some(id) = chosen(id) else {
        return Ok(None);
    };
    let Some(rate) = taxes::find(db, id).await? else {
        return Ok(None);
    };
    let mut sheet = Sheet::default();
    sheet.set("percent", rate.percent());
    for (name, value) in [
        ("country", &rate.country),
        ("region", &rate.region),
        ("tax_class", &rate.tax_class),
        ("name", &rate.name),
    ] {
        sheet.set(name, value);
    }
    sheet.set("adds", rate.adds);
    Ok(Some((sheet, rate.version)))
}
