//! The try-it bench: any cart, priced by order's own function, each cent explained. Its case is its address, so a case is a link.

use askama::Template;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use axum::response::Html;
use primitives::{Timestamp, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::preview::{self, Line, Preview};
use super::shipping::place;
use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::Shell;
use crate::read::pricing::goods::{self, Variant};
use crate::read::pricing::shipping::{self, Method};
use crate::read::users;
use crate::session::May;

/// More than anybody wants to try at once.
const LINES: usize = 40;
const HITS: i64 = 12;

#[derive(Template)]
#[template(path = "pricing/bench.html")]
struct Page {
    shell: Shell,
    case: Case,
    items: Vec<Item>,
    hits: Vec<Variant>,
    methods: Vec<Method>,
    answer: Option<std::result::Result<Preview, String>>,
    /// What the e-mail address of the customer belongs to.
    customer: Option<String>,
}

/// A line of the case.
struct Item {
    sku: String,
    quantity: String,
    variant: Option<Variant>,
}

impl Page {
    /// The lines with what order says of them.
    fn priced<'p>(&'p self, answer: &'p Preview) -> Vec<(&'p Item, &'p Line)> {
        let known = self.items.iter().filter(|item| item.variant.is_some());
        known.zip(&answer.lines).collect()
    }

    /// The same case with one more unit of something.
    fn with(&self, sku: &str) -> String {
        let mut case = self.case.clone();
        let (mut skus, mut units): (Vec<_>, Vec<_>) = case.items().into_iter().unzip();
        match skus.iter().position(|known| known == sku) {
            Some(at) => {
                let more = units.get(at).and_then(|units| units.parse().ok());
                units[at] = more.unwrap_or(0_u32).saturating_add(1).to_string();
            }
            None => {
                skus.push(sku.to_owned());
                units.push("1".to_owned());
            }
        }
        (case.sku, case.quantity) = (skus, units);
        format!("/admin/bench?{}", case.query())
    }
}

/// The cart as the address says it.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(super) struct Case {
    /// What is looked for.
    q: String,
    sku: Vec<String>,
    quantity: Vec<String>,
    coupon: String,
    country: String,
    region: String,
    method: String,
    at: String,
    email: String,
}

impl Case {
    fn query(&self) -> String {
        let quantity = |at: usize| self.quantity.get(at).map_or("1", String::as_str);
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for (at, sku) in self.sku.iter().enumerate() {
            pairs.extend([("sku", sku.as_str()), ("quantity", quantity(at))]);
        }
        let rest = [
            ("coupon", &self.coupon),
            ("country", &self.country),
            ("region", &self.region),
            ("method", &self.method),
            ("at", &self.at),
            ("email", &self.email),
        ];
        let rest = rest.into_iter().filter(|(_, value)| !value.is_empty());
        pairs.extend(rest.map(|(name, value)| (name, value.as_str())));
        serde_html_form::to_string(pairs).unwrap_or_default()
    }

    /// The lines that are there: no units is none of it.
    fn items(&self) -> Vec<(String, String)> {
        let quantity = |at: usize| self.quantity.get(at).map_or("1", |text| text.trim());
        let all = self.sku.iter().enumerate();
        all.map(|(at, sku)| (sku.trim().to_owned(), quantity(at).to_owned()))
            .filter(|(sku, quantity)| !sku.is_empty() && !["", "0"].contains(&quantity.as_str()))
            .take(LINES)
            .collect()
    }
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(case): Query<Case>,
) -> Result<Html<String>> {
    let wanted = case.items();
    let skus: Vec<String> = wanted.iter().map(|(sku, _)| sku.clone()).collect();
    let mut db = app.product_db.acquire().await?;
    let mut found = Vec::new();
    if !skus.is_empty() {
        found = goods::with_skus(&mut db, &skus).await?;
    }
    let q = case.q.trim();
    let hits = match q {
        "" => Vec::new(),
        q => goods::search(&mut db, q, HITS).await?,
    };
    drop(db);
    let items: Vec<Item> = wanted
        .into_iter()
        .map(|(sku, quantity)| {
            let variant = found.iter().find(|variant| variant.sku == sku).cloned();
            Item {
                sku,
                quantity,
                variant,
            }
        })
        .collect();
    let methods = shipping::list(&mut *app.order_db.acquire().await?, None).await?;
    let account = match case.email.trim() {
        "" => None,
        email => users::with_email(&mut *app.auth_db.acquire().await?, email).await?,
    };
    let answer = if items.is_empty() {
        None
    } else {
        Some(match basket(&case, &items, account.as_ref()) {
            Ok(basket) => preview::ask(&app, &session, &basket).await?,
            Err(why) => Err(why),
        })
    };
    let page = Page {
        shell: Shell::new(&session, "/admin/promotions", None),
        customer: account.map(|(_, name)| name),
        case,
        items,
        hits,
        methods,
        answer,
    };
    Ok(Html(page.render()?))
}

/// The case as order takes it; or what is wrong with it.
fn basket(
    case: &Case,
    items: &[Item],
    account: Option<&(UserId, String)>,
) -> std::result::Result<Value, String> {
    let mut lines = Vec::new();
    for item in items {
        let Some(variant) = &item.variant else {
            return Err(format!("There is no product with the SKU {}.", item.sku));
        };
        let quantity: u16 = item
            .quantity
            .parse()
            .map_err(|_| format!("So many units of {} cannot be bought.", item.sku))?;
        lines.push(json!({ "variant_id": variant.id, "quantity": quantity }));
    }
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let at = match text(&case.at) {
        None => None,
        Some(at) => Some(moment(&at).ok_or("The time must be like 2026-11-21T14:05.")?),
    };
    let customer = text(&case.email)
        .map(|email| json!({ "email": email, "user_id": account.map(|(id, _)| id) }));
    let region = place(&case.region);
    if region.is_some() && place(&case.country).is_none() {
        return Err("A region needs its country.".to_owned());
    }
    Ok(json!({
        "lines": lines,
        "coupon": text(&case.coupon),
        "country": place(&case.country),
        "region": region,
        "shipping_method": text(&case.method),
        "at": at,
        "customer": customer,
    }))
}

fn moment(text: &str) -> Option<Timestamp> {
    let seconds = if text.len() == 16 { ":00" } else { "" };
    serde_json::from_value(format!("{text}{seconds}Z").into()).ok()
}
