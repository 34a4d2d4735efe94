//! Ways of sending, and a bench that tells which of them a parcel can have.

use askama::Template;
use auth_token::permissions::{ManageSettings, ReadOrders};
use axum::extract::State;
use axum::response::Html;
use primitives::Currency;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::preview::{self, Preview};
use super::sheet::Sheet;
use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::{Query, amount};
use crate::pages::shell::Shell;
use crate::read::pricing::shipping::{self, Method, weight};
use crate::session::May;

const SECTION: &str = "/admin/shipping";

#[derive(Template)]
#[template(path = "pricing/shipping.html")]
struct List {
    shell: Shell,
    methods: Vec<Method>,
    may: bool,
}

impl List {
    fn none_on(&self) -> bool {
        !self.methods.is_empty() && self.methods.iter().all(|method| !method.active)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
}

pub(super) async fn list(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let page = List {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        methods: shipping::list(&mut *app.order_db.acquire().await?, None).await?,
        may: session.may::<ManageSettings>(),
    };
    Ok(Html(page.render()?))
}

#[derive(Template)]
#[template(path = "pricing/shipping_bench.html")]
struct Bench {
    shell: Shell,
    params: Case,
    currency: Currency,
    answer: Option<std::result::Result<Preview, String>>,
}

impl Bench {
    fn parcel(&self) -> String {
        weight(self.params.grams().unwrap_or_default())
    }
}

/// A parcel: where to, how heavy, worth how much.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Case {
    country: String,
    region: String,
    grams: String,
    subtotal: String,
}

impl Case {
    fn grams(&self) -> Option<i64> {
        match self.grams.trim() {
            "" => Some(0),
            text => text.parse().ok().filter(|grams| *grams >= 0),
        }
    }

    fn basket(&self, currency: Currency) -> std::result::Result<Value, String> {
        let worth = amount(&self.subtotal, currency)
            .ok_or("The goods must cost something such as 49.90.")?;
        let grams = self
            .grams()
            .ok_or("The weight must be a whole number of grams.")?;
        Ok(json!({
            "lines": [{ "unit_price": worth, "quantity": 1, "weight_grams": grams }],
            "country": place(&self.country), "region": place(&self.region),
            "with_promotions": false,
        }))
    }
}

/// A country or region; none if it is empty.
pub(super) fn place(text: &str) -> Option<String> {
    Some(text.trim().to_uppercase()).filter(|text| !text.is_empty())
}

pub(super) async fn bench(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(params): Query<Case>,
) -> Result<Html<String>> {
    let answer = if params.subtotal.is_empty() {
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

/// What order is told of a method.
pub(super) fn body(sheet: &mut Sheet, currency: Currency) -> Value {
    let mut body = json!({
        "code": sheet.text("code").map(str::to_owned),
        "name": sheet.value("name"),
        "kind": sheet.value("kind"),
        "free_from": sheet.money("free_from", currency),
        "tax_class": sheet.text("tax_class").map(str::to_owned),
        "places": sheet.list("places"),
        "except_places": sheet.list("except_places"),
        "position": sheet.number("position"),
        "active": sheet.is("active", "true"),
    });
    if sheet.is("kind", "flat") {
        body["price"] = json!(sheet.money("price", currency));
        return body;
    }
    let steps: Vec<Value> = (0..sheet.rows("steps"))
        .map(|row| {
            let at = |name: &str| format!("steps[{row}].{name}");
            let price = sheet.money(&at("price"), currency);
            if price.is_none() && !sheet.has(&at("price")) {
                sheet.refuse(at("price"), "is required");
            }
            json!({
                "up_to_grams": sheet.number(&at("up_to_grams")),
                "up_to_subtotal": sheet.money(&at("up_to_subtotal"), currency),
                "price": price,
            })
        })
        .collect();
    body["steps"] = steps.into();
    body
}

/// The form of a method.
pub(super) async fn kept(db: &mut PgConnection, code: &str) -> sqlx::Result<Option<(Sheet, i32)>> {
    let Some(method) = shipping::list(db, Some(code)).await?.pop() else {
        return Ok(None);
    };
    let mut sheet = Sheet::default();
    sheet.set("code", &method.code);
    sheet.set("name", &method.name);
    sheet.set("kind", &method.kind);
    sheet.set("currency", method.currency.code());
    if method.kind == "flat" {
        sheet.set_money("price", method.price, method.currency);
    }
    for (row, step) in method.steps.iter().enumerate() {
        let at = |name: &str| format!("steps[{row}].{name}");
        match step.up_to {
            Some(grams) if method.kind == "by_weight" => sheet.set(at("up_to_grams"), grams),
            Some(sum) => sheet.set_money(at("up_to_subtotal"), sum, method.currency),
            None => {}
        }
        sheet.set_money(at("price"), step.price, method.currency);
    }
    if let Some(from) = method.free_from {
        sheet.set_money("free_from", from, method.currency);
    }
    sheet.set("tax_class", method.tax_class.unwrap_or_default());
    sheet.set("places", method.places.join(", "));
    sheet.set("except_places", method.except_places.join(", "));
    sheet.set("position", method.position);
    sheet.set("active", method.active);
    Ok(Some((sheet, method.version)))
}
