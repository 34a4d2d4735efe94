//! Coupons: what they give, how often they were used and for which orders.

use askama::Template;
use auth_token::permissions::{ManageCoupons, ReadOrders};
use axum::extract::State;
use axum::response::Html;
use primitives::{CouponId, Currency, Money, OrderId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::preview::{self, Preview};
use super::sheet::Sheet;
use crate::app::AppState;
use crate::domain::offers::{Names, Rule, State as Stand};
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query, chosen};
use crate::pages::shell::{Choice, Shell, choices, link};
use crate::read::pricing::coupons::{self, Coupon, STATES, Use};
use crate::read::pricing::goods;
use crate::read::snapshot;
use crate::session::{May, Session};
use crate::store::analytics_pages::{OfferSales, offer_sales};

const PAGE: usize = 50;
pub(super) const SECTION: &str = "/admin/coupons";

#[derive(Template)]
#[template(path = "pricing/coupons.html")]
struct List {
    shell: Shell,
    params: Params,
    coupons: Vec<Coupon>,
    names: Names,
    sales: Vec<OfferSales>,
    now: Timestamp,
    may: bool,
    next: Option<String>,
}

impl List {
    fn states(&self) -> Vec<Choice> {
        choices(&STATES, &self.params.state)
    }

    fn is_filtered(&self) -> bool {
        !self.params.q.is_empty() || !self.params.state.is_empty()
    }

    fn state(&self, coupon: &Coupon) -> Stand {
        coupon.state(self.now)
    }

    fn revenue(&self, coupon: &Coupon) -> Option<Money> {
        let sales = sales_of(&self.sales, &coupon.code)?;
        Some(sales.net)
    }
}

fn sales_of<'s>(sales: &'s [OfferSales], code: &str) -> Option<&'s OfferSales> {
    let own = |sales: &&OfferSales| sales.key.strip_prefix("coupon:") == Some(code);
    sales.iter().find(own)
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    q: String,
    state: String,
    after: String,
    done: Option<String>,
}

pub(super) async fn list(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let now = app.clock.now();
    let mut db = app.order_db.acquire().await?;
    let asked = (params.q.trim(), params.state.as_str());
    let mut found =
        coupons::list(&mut db, asked, chosen(&params.after), now, PAGE as i64 + 1).await?;
    drop(db);
    let next = (found.len() > PAGE)
        .then(|| found.truncate(PAGE))
        .and_then(|()| found.last())
        .map(|last| {
            let after = last.id.to_string();
            let pairs = [
                ("q", &*params.q),
                ("state", &*params.state),
                ("after", &*after),
            ];
            link(SECTION, &pairs)
        });
    let page = List {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        names: names(&app, found.iter().map(|coupon| &coupon.terms)).await?,
        sales: sales(
            &app,
            found.iter().map(|coupon| format!("coupon:{}", coupon.code)),
        )
        .await?,
        coupons: found,
        now,
        may: session.may::<ManageCoupons>(),
        params,
        next,
    };
    Ok(Html(page.render()?))
}

/// What all these offers are for.
pub(super) async fn names(
    app: &AppState,
    terms: impl Iterator<Item = &crate::domain::offers::Terms>,
) -> Result<Names> {
    let ids: Vec<_> = terms.flat_map(crate::domain::offers::Terms::ids).collect();
    if ids.is_empty() {
        return Ok(Names::new());
    }
    Ok(goods::names(&mut *app.product_db.acquire().await?, &ids).await?)
}

/// What was sold with offers in thirty days.
pub(super) async fn sales(
    app: &AppState,
    keys: impl Iterator<Item = String>,
) -> Result<Vec<OfferSales>> {
    let keys: Vec<String> = keys.collect();
    let mut db = app.pool.acquire().await?;
    let (now, zone) = (app.clock.now(), &app.time_zone);
    Ok(offer_sales(&mut db, app.currency(), &keys, now, zone).await?)
}

#[derive(Template)]
#[template(path = "pricing/coupon.html")]
struct Detail {
    shell: Shell,
    coupon: Coupon,
    words: String,
    state: Stand,
    uses: Vec<Use>,
    next: Option<String>,
    sales: Option<OfferSales>,
    /// What order says of a cart with it, and what is in that cart.
    buyer: Option<(Money, Preview)>,
    may: bool,
}

impl Detail {
    /// The bench with this coupon.
    fn bench(&self) -> String {
        link("/admin/bench", &[("coupon", &self.coupon.code)])
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct DetailParams {
    after: String,
    done: Option<String>,
}

pub(super) async fn detail(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path(id): Path<CouponId>,
    Query(params): Query<DetailParams>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.order_db).await?;
    let coupon = coupons::find(&mut db, id)
        .await?
        .ok_or_else(PageError::not_found)?;
    let after: Option<OrderId> = chosen(&params.after);
    let mut uses = coupons::uses(&mut db, id, after, PAGE as i64 + 1).await?;
    drop(db);
    let page_of = format!("{SECTION}/{id}");
    let next = (uses.len() > PAGE)
        .then(|| uses.truncate(PAGE))
        .and_then(|()| uses.last())
        .map(|last| link(&page_of, &[("after", &last.order_id.to_string())]));
    let names = names(&app, std::iter::once(&coupon.terms)).await?;
    let key = format!("coupon:{}", coupon.code);
    let page = Detail {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        words: coupon.terms.words(&names),
        state: coupon.state(app.clock.now()),
        sales: sales(&app, std::iter::once(key)).await?.pop(),
        buyer: buyer(&app, &session, &coupon).await,
        uses,
        next,
        may: session.may::<ManageCoupons>(),
        coupon,
    };
    Ok(Html(page.render()?))
}

/// A cart of what the coupon is for, of a hundred or what it asks for at least. Without an answer the page goes without it.
async fn buyer(app: &AppState, session: &Session, coupon: &Coupon) -> Option<(Money, Preview)> {
    let terms = &coupon.terms;
    let least = terms.min_subtotal.unwrap_or_default();
    let worth = Money::new(least.max(10_000), terms.currency);
    let basket = json!({
        "lines": [{
            "unit_price": worth, "quantity": 1,
            "product_id": terms.scope.product_ids.first(), "category_ids": terms.scope.category_ids,
        }],
        "coupon": coupon.code, "with_promotions": false,
    });
    let answer = preview::ask(app, session, &basket).await.ok()?;
    Some((worth, answer.ok()?))
}

/// What order is told of a coupon.
pub(super) fn body(sheet: &mut Sheet, currency: Currency) -> Value {
    json!({
        "code": sheet.value("code"),
        "kind": sheet.value("kind"),
        "percent": sheet.number("percent"),
        "max_discount": sheet.money("max_discount", currency),
        "amount": sheet.money("amount", currency),
        "usage_limit": sheet.number("usage_limit"),
        "per_customer_limit": sheet.number("per_customer_limit"),
        "min_subtotal": sheet.money("min_subtotal", currency),
        "product_ids": sheet.all("product_ids"),
        "category_ids": sheet.all("category_ids"),
        "starts_at": sheet.time("starts_at"),
        "ends_at": sheet.time("ends_at"),
        "active": sheet.is("active", "true"),
    })
}

/// The form of a coupon.
pub(super) async fn kept(db: &mut PgConnection, id: &str) -> sqlx::Result<Option<(Sheet, i32)>> {
    let Some(id) = chosen(id) else {
        return Ok(None);
    };
    let Some(coupon) = coupons::find(db, id).await? else {
        return Ok(None);
    };
    let mut sheet = Sheet::default();
    let terms = &coupon.terms;
    let limit = |limit: Option<i32>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    sheet.set("code", &coupon.code);
    sheet.set("kind", terms.rule.kind());
    match terms.rule {
        Rule::Percent {
            percent,
            max_discount,
        } => {
            sheet.set("percent", percent);
            if let Some(most) = max_discount {
                sheet.set_money("max_discount", most, terms.currency);
            }
        }
        Rule::Fixed { amount } => sheet.set_money("amount", amount, terms.currency),
        _ => {}
    }
    sheet.set("usage_limit", limit(coupon.usage_limit));
    sheet.set("per_customer_limit", limit(coupon.per_customer_limit));
    terms_into(&mut sheet, terms);
    sheet.set_time("starts_at", coupon.starts_at);
    sheet.set_time("ends_at", coupon.ends_at);
    sheet.set("active", coupon.active);
    Ok(Some((sheet, coupon.version)))
}

/// What coupons and promotions have in common.
pub(super) fn terms_into(sheet: &mut Sheet, terms: &crate::domain::offers::Terms) {
    sheet.set("currency", terms.currency.code());
    if let Some(least) = terms.min_subtotal {
        sheet.set_money("min_subtotal", least, terms.currency);
    }
    for id in &terms.scope.product_ids {
        sheet.set("product_ids", id);
    }
    for id in &terms.scope.category_ids {
        sheet.set("category_ids", id);
    }
}
