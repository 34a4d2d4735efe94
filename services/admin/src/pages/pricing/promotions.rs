//! Promotions, in the order in which they are applied.

use askama::Template;
use auth_token::permissions::{ManageCoupons, ReadOrders};
use axum::extract::State;
use axum::response::Html;
use primitives::{Currency, Money, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::coupons::{names, sales, terms_into};
use super::sheet::Sheet;
use crate::app::AppState;
use crate::domain::offers::{Measure, Names, Off, Rule, State as Stand};
use crate::error::Result;
use crate::format::filters;
use crate::input::{Query, chosen};
use crate::pages::shell::{Shell, link};
use crate::read::pricing::promotions::{self, Promotion};
use crate::session::May;
use crate::store::analytics_pages::OfferSales;

const SECTION: &str = "/admin/promotions";
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "pricing/promotions.html")]
struct List {
    shell: Shell,
    promotions: Vec<Promotion>,
    names: Names,
    sales: Vec<OfferSales>,
    now: Timestamp,
    may: bool,
    next: Option<String>,
}

impl List {
    fn state(&self, promotion: &Promotion) -> Stand {
        promotion.state(self.now)
    }

    /// Sums are kept by name: of two with the same nobody can tell.
    fn revenue(&self, promotion: &Promotion) -> Option<Money> {
        let same = |other: &&Promotion| other.name == promotion.name;
        if self.promotions.iter().filter(same).count() > 1 {
            return None;
        }
        let own = |sales: &&OfferSales| {
            sales.key.strip_prefix("promotion:") == Some(promotion.name.as_str())
        };
        self.sales.iter().find(own).map(|sales| sales.net)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    after: String,
    done: Option<String>,
}

pub(super) async fn list(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = app.order_db.acquire().await?;
    let mut found = promotions::list(&mut db, chosen(&params.after), PAGE as i64 + 1).await?;
    drop(db);
    let next = (found.len() > PAGE)
        .then(|| found.truncate(PAGE))
        .and_then(|()| found.last())
        .map(|last| link(SECTION, &[("after", &last.id.to_string())]));
    let keys = found.iter().map(|one| format!("promotion:{}", one.name));
    let page = List {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        names: names(&app, found.iter().map(|one| &one.terms)).await?,
        sales: sales(&app, keys).await?,
        promotions: found,
        now: app.clock.now(),
        may: session.may::<ManageCoupons>(),
        next,
    };
    Ok(Html(page.render()?))
}

/// What order is told of a promotion.
pub(super) fn body(sheet: &mut Sheet, currency: Currency) -> Value {
    let mut body = json!({
        "name": sheet.value("name"),
        "kind": sheet.value("kind"),
        "min_subtotal": sheet.money("min_subtotal", currency),
        "priority": sheet.number("priority"),
        "exclusive": sheet.is("exclusive", "true"),
        "product_ids": sheet.all("product_ids"),
        "category_ids": sheet.all("category_ids"),
        "starts_at": sheet.time("starts_at"),
        "ends_at": sheet.time("ends_at"),
        "active": sheet.is("active", "true"),
    });
    match sheet.value("kind") {
        "percent" => {
            body["percent"] = json!(sheet.number("percent"));
            body["max_discount"] = json!(sheet.money("max_discount", currency));
        }
        "fixed" => body["amount"] = json!(sheet.money("amount", currency)),
        "buy_x_get_y" => {
            for name in ["percent", "buy_quantity", "get_quantity", "max_times"] {
                body[name] = json!(sheet.number(name));
            }
            for name in ["get_product_ids", "get_category_ids"] {
                body[name] = json!(sheet.all(name));
            }
        }
        "tiered" => {
            body["by"] = sheet.value("by").into();
            body["each_line"] = sheet.is("each_line", "true").into();
            body["tiers"] = (0..sheet.rows("tiers"))
                .map(|row| {
                    let at = |name: &str| format!("tiers[{row}].{name}");
                    json!({
                        "from_quantity": sheet.number(&at("from_quantity")),
                        "from_subtotal": sheet.money(&at("from_subtotal"), currency),
                        "percent": sheet.number(&at("percent")),
                        "amount": sheet.money(&at("amount"), currency),
                    })
                })
                .collect();
        }
        _ => {}
    }
    body
}

/// The form of a promotion.
pub(super) async fn kept(db: &mut PgConnection, id: &str) -> sqlx::Result<Option<(Sheet, i32)>> {
    let Some(id) = chosen(id) else {
        return Ok(None);
    };
    let Some(promotion) = promotions::find(db, id).await? else {
        return Ok(None);
    };
    let mut sheet = Sheet::default();
    let terms = &promotion.terms;
    sheet.set("name", &promotion.name);
    sheet.set("kind", terms.rule.kind());
    rule_into(&mut sheet, &terms.rule, terms.currency);
    terms_into(&mut sheet, terms);
    sheet.set("priority", promotion.priority);
    sheet.set("exclusive", promotion.exclusive);
    sheet.set_time("starts_at", promotion.starts_at);
    sheet.set_time("ends_at", promotion.ends_at);
    sheet.set("active", promotion.active);
    Ok(Some((sheet, promotion.version)))
}

fn rule_into(sheet: &mut Sheet, rule: &Rule, currency: Currency) {
    match rule {
        Rule::Percent {
            percent,
            max_discount,
        } => {
            sheet.set("percent", percent);
            if let Some(most) = max_discount {
                sheet.set_money("max_discount", *most, currency);
            }
        }
        Rule::Fixed { amount } => sheet.set_money("amount", *amount, currency),
        Rule::FreeShipping => {}
        Rule::BuyXGetY {
            buy,
            get,
            percent,
            gets,
            max_times,
        } => {
            sheet.set("buy_quantity", buy);
            sheet.set("get_quantity", get);
            sheet.set("percent", percent);
            if let Some(times) = max_times {
                sheet.set("max_times", times);
            }
            for id in &gets.product_ids {
                sheet.set("get_product_ids", id);
            }
            for id in &gets.category_ids {
                sheet.set("get_category_ids", id);
            }
        }
        Rule::Tiered {
            by,
            each_line,
            steps,
        } => {
            sheet.set("each_line", each_line);
            sheet.set(
                "by",
                match by {
                    Measure::Quantity => "quantity",
                    Measure::Subtotal => "subtotal",
                },
            );
            for (row, step) in steps.iter().enumerate() {
                let at = |name: &str| format!("tiers[{row}].{name}");
                match by {
                    Measure::Quantity => sheet.set(at("from_quantity"), step.from),
                    Measure::Subtotal => sheet.set_money(at("from_subtotal"), step.from, currency),
                }
                match step.off {
                    Off::Percent(percent) => sheet.set(at("percent"), percent),
                    Off::Amount(amount) => sheet.set_money(at("amount"), amount, currency),
                }
            }
        }
    }
}
