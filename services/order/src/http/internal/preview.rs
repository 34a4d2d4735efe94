use std::collections::BTreeMap;

use auth_token::Service;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use contracts::internal::variants::VariantSnapshot;
use http_kit::{FieldErrors, Json};
use primitives::{
    CategoryId, CountryCode, EmailAddress, Money, ProductId, PromotionId, Quantity, Text,
    Timestamp, UserId, VariantId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::coupon::{CouponCode, NotApplicable};
use crate::domain::pricing::place::Place;
use crate::domain::pricing::promotion::{self, Promotion, Short, Skipped};
use crate::domain::pricing::shipping::{Method, NotOffered};
use crate::domain::pricing::tax::TaxPart;
use crate::domain::pricing::{self, Adjustment, Applied, Basket, Line, Priced, PricedLine};
use crate::http::pricing::{AdjustmentView, TaxView};
use crate::http::promotions::PromotionInput;
use crate::store;
use crate::store::shipping_methods::Stored;
use crate::workflows;

/// A basket to try prices with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewPrices {
    /// At most 500.
    lines: Vec<PreviewLine>,
    coupon: Option<CouponCode>,
    /// The shop's own country unless given.
    country: Option<CountryCode>,
    #[schema(value_type = Option<String>)]
    region: Option<Text<100>>,
    /// The preferred one that can be had unless given.
    #[schema(value_type = Option<String>)]
    shipping_method: Option<Text<40>>,
    /// Now unless given.
    at: Option<Timestamp>,
    /// As the shop's prices are unless given.
    prices_include_tax: Option<bool>,
    /// A promotion that is not kept yet, to see what it would do.
    promotion: Option<PromotionInput>,
    /// Who buys, for how often one customer may use the coupon; somebody who never did unless given.
    customer: Option<PreviewCustomer>,
    /// False: without promotions, to see taxes or shipping alone. True unless given.
    with_promotions: Option<bool>,
    /// False: nothing is sent. True unless given.
    with_shipping: Option<bool>,
}

/// Somebody who buys: by account, or as a guest.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewCustomer {
    email: EmailAddress,
    user_id: Option<UserId>,
}

/// Units of a variant, or of something that is described: what is given counts, the variant tells the rest.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewLine {
    variant_id: Option<VariantId>,
    #[schema(value_type = i32, minimum = 1, maximum = 9999)]
    quantity: Quantity,
    unit_price: Option<Money>,
    product_id: Option<ProductId>,
    category_ids: Option<Vec<CategoryId>>,
    #[schema(value_type = Option<String>)]
    tax_class: Option<Text<40>>,
    #[schema(minimum = 0)]
    weight_grams: Option<i32>,
}

/// What the basket costs, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PricePreview {
    lines: Vec<PreviewedLine>,
    subtotal: Money,
    discount: Money,
    shipping: Money,
    tax: Money,
    total: Money,
    prices_include_tax: bool,
    /// Where it is sent.
    country: CountryCode,
    region: Option<String>,
    /// When it is bought.
    at: Timestamp,
    included_tax: Money,
    /// All taxes by name and rate.
    taxes: Vec<TaxView>,
    shipping_adjustments: Vec<AdjustmentView>,
    shipping_method: Option<String>,
    /// All of them, in the order in which they are applied; the one that is tried has no id.
    promotions: Vec<Outcome>,
    coupon: Option<Outcome>,
    /// All of them, the preferred one first.
    shipping_methods: Vec<MethodOutcome>,
}

/// A line with all its parts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedLine {
    quantity: i32,
    unit_price: Money,
    tax_class: String,
    subtotal: Money,
    discount: Money,
    tax: Money,
    included_tax: Money,
    total: Money,
    adjustments: Vec<AdjustmentView>,
    taxes: Vec<TaxView>,
}

/// What a promotion or coupon takes off, or why nothing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Outcome {
    id: Option<PromotionId>,
    /// Name or code.
    label: String,
    applied: bool,
    /// Off the goods.
    goods: Money,
    /// Off the shipping costs.
    shipping: Money,
    /// A stable code.
    reason: Option<&'static str>,
    explanation: Option<String>,
    /// What the lines concerned cost, and what they would have to, if that is the reason.
    has: Option<Money>,
    needs: Option<Money>,
}

/// Whether a way of sending can be had.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MethodOutcome {
    code: String,
    name: String,
    available: bool,
    /// Without promotions and coupons for shipping.
    price: Option<Money>,
    reason: Option<&'static str>,
    explanation: Option<String>,
}

/// The try-it bench: what any basket costs, line by line, and why a promotion, coupon or shipping method does not apply. Nothing is kept
#[utoipa::path(post, path = "/internal/pricing/preview", request_body = PreviewPrices, responses((status = 200, body = PricePreview)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Json(body): Json<PreviewPrices>,
) -> http_kit::Result<Json<PricePreview>> {
    service.acting::<ReadOrders>()?;
    let (now, currency) = (body.at.unwrap_or_else(|| app.clock.now()), app.currency());
    let wanted = body.lines.iter().filter_map(|line| line.variant_id);
    let variants = app.product.lookup(wanted.collect(), Vec::new()).await?;
    let lines = lines(body.lines, &variants)?;
    let place = match body.country {
        Some(country) => Place::new(country, body.region.as_ref().map(Text::as_str)),
        None => workflows::pricing::home(&app),
    };
    let mut conn = app.pool.acquire().await?;
    let code = body.coupon.as_ref().map(CouponCode::as_str);
    let terms = store::terms::find(&mut conn, &place, currency, code, now).await?;
    let uses = match (&terms.coupon, &body.customer) {
        (Some(coupon), Some(PreviewCustomer { email, user_id })) => {
            let customer = user_id.map_or_else(|| email.to_string(), |user| user.to_string());
            store::coupons::uses(&mut conn, coupon.id, &customer, email).await?
        }
        _ => 0,
    };
    let others = store::shipping_methods::list(&mut conn, None, MOST).await?;
    let mut promotions = terms.promotions;
    for other in store::promotions::list(&mut conn, None, MOST).await? {
        // Those that hold now are known; what the others say of themselves is why they do not.
        if !promotions
            .iter()
            .any(|known| known.id == other.promotion.id)
        {
            promotions.push(other.promotion);
        }
    }
    drop(conn);
    if !body.with_promotions.unwrap_or(true) {
        promotions.clear();
    }
    let mut draft = None;
    if let Some(tried) = body.promotion {
        let id = PromotionId::new(now, &app.random);
        draft = Some(id);
        promotions.push(tried.into_promotion(id, currency)?);
    }
    let order = promotion::order(&promotions);
    let promotions: Vec<Promotion> = order.into_iter().map(|at| promotions[at].clone()).collect();
    let methods: Vec<Method> = match &body.shipping_method {
        _ if !body.with_shipping.unwrap_or(true) => Vec::new(),
        Some(code) => {
            let wanted = |method: &&Method| method.code == code.as_str();
            terms.methods.iter().filter(wanted).cloned().collect()
        }
        None => terms.methods.clone(),
    };
    let coupon = terms.coupon.as_ref();
    let again = coupon.map_or(Ok(()), |coupon| coupon.again_after(uses));
    let basket = Basket {
        now,
        currency,
        prices_include_tax: body.prices_include_tax.unwrap_or(app.prices_include_tax),
        lines: &lines,
        promotions: &promotions,
        coupon: coupon.filter(|_| again.is_ok()),
        destination: &place,
        taxes: &terms.taxes,
        shipping: &methods,
    };
    let priced = pricing::price(basket).map_err(workflows::pricing::too_expensive)?;
    let coupon = code.map(|code| {
        let known = coupon.is_some();
        (
            code,
            known,
            again.and_then(|()| priced.coupon.unwrap_or(Err(NotApplicable::Unknown))),
        )
    });
    let methods = offers(&basket, &priced, &terms.methods, &others);
    Ok(Json(answer(&basket, &priced, draft, coupon, methods)))
}

/// More promotions and methods than any shop has.
const MOST: i64 = 500;

fn lines(
    given: Vec<PreviewLine>,
    variants: &BTreeMap<VariantId, VariantSnapshot>,
) -> http_kit::Result<Vec<Line>> {
    let mut errors = FieldErrors::new();
    if given.len() > workflows::cart::MAX_LINES {
        errors.push("lines", "too_many", "must not be more than 500");
    }
    let mut lines = Vec::with_capacity(given.len());
    for (index, line) in given.into_iter().enumerate() {
        let variant = line.variant_id.and_then(|id| variants.get(&id));
        if line.variant_id.is_some() && variant.is_none() {
            errors.push(
                format!("lines[{index}].variant_id"),
                "unknown",
                "is not known",
            );
            continue;
        }
        let Some(unit_price) = line.unit_price.or(variant.map(|variant| variant.price)) else {
            let field = format!("lines[{index}].unit_price");
            errors.push(field, "required", "is required without variant_id");
            continue;
        };
        let known = variant.map(|variant| workflows::pricing::line(variant, line.quantity));
        let nothing = || ProductId::from(sqlx::types::Uuid::nil());
        let product = known.as_ref().map(|known| known.product_id);
        let class = known.as_ref().map(|known| known.tax_class.clone());
        let weight = known.as_ref().map(|known| known.weight_grams);
        let categories = known.map(|known| known.category_ids);
        lines.push(Line {
            product_id: line.product_id.or(product).unwrap_or_else(nothing),
            category_ids: line.category_ids.or(categories).unwrap_or_default(),
            unit_price,
            quantity: line.quantity,
            tax_class: line
                .tax_class
                .map(|class| class.to_string())
                .or(class)
                .unwrap_or_else(|| "standard".to_owned()),
            weight_grams: line.weight_grams.map(i64::from).or(weight).unwrap_or(0),
        });
    }
    errors.into_result()?;
    Ok(lines)
}

/// What becomes of each way of sending, those that are not offered at all last.
fn offers(
    basket: &Basket<'_>,
    priced: &Priced,
    offered: &[Method],
    all: &[Stored],
) -> Vec<MethodOutcome> {
    let goods = priced.subtotal - priced.discount;
    let grams = pricing::weight(basket.lines);
    let outcome = |method: &Method, costs: Result<i64, NotOffered>| MethodOutcome {
        code: method.code.clone(),
        name: method.name.clone(),
        available: costs.is_ok(),
        price: costs.ok().map(|costs| Money::new(costs, basket.currency)),
        reason: costs.err().map(NotOffered::code),
        explanation: costs.err().map(|reason| reason.to_string()),
    };
    let others = all.iter().filter(|stored| {
        let code = &stored.method.code;
        !offered.iter().any(|method| method.code == *code)
    });
    let costs = |method: &Method| method.costs(basket.destination, goods, grams);
    offered
        .iter()
        .map(|method| outcome(method, costs(method)))
        .chain(others.map(|stored| {
            let reason = if stored.active {
                NotOffered::Currency
            } else {
                NotOffered::Off
            };
            outcome(&stored.method, Err(reason))
        }))
        .collect()
}

/// Why something takes nothing off.
struct Why {
    code: &'static str,
    words: String,
    short: Option<Short>,
}

fn answer(
    basket: &Basket<'_>,
    priced: &Priced,
    draft: Option<PromotionId>,
    coupon: Option<(&str, bool, Result<Applied, NotApplicable>)>,
    shipping_methods: Vec<MethodOutcome>,
) -> PricePreview {
    let currency = basket.currency;
    let money = |amount| Money::new(amount, currency);
    let adjustment = |a: &Adjustment| AdjustmentView::of_line(a, currency);
    let tax = |part: &TaxPart| TaxView::of(part, currency);
    let line = |(line, priced): (&Line, &PricedLine)| PreviewedLine {
        quantity: line.quantity.get(),
        unit_price: line.unit_price,
        tax_class: line.tax_class.clone(),
        subtotal: money(priced.subtotal),
        discount: money(priced.discount),
        tax: money(priced.tax),
        included_tax: money(priced.included_tax),
        total: money(priced.total),
        adjustments: priced.adjustments.iter().map(adjustment).collect(),
        taxes: priced.taxes.iter().map(tax).collect(),
    };
    let outcome = |id, label: &str, outcome: Result<Applied, Why>| {
        let applied = outcome.as_ref().copied().unwrap_or_default();
        let why = outcome.err();
        let short = why.as_ref().and_then(|why| why.short);
        Outcome {
            id,
            label: label.to_owned(),
            applied: why.is_none(),
            goods: money(applied.goods),
            shipping: money(applied.shipping),
            has: short.map(|short| money(short.has)),
            needs: short.map(|short| money(short.needs)),
            reason: why.as_ref().map(|why| why.code),
            explanation: why.map(|why| why.words),
        }
    };
    let promotion = |(promotion, result): (&Promotion, &Result<Applied, Skipped>)| {
        let result = result.map_err(|reason| Why {
            code: reason.code(),
            words: reason.to_string(),
            short: reason.short(),
        });
        let id = (draft != Some(promotion.id)).then_some(promotion.id);
        outcome(id, &promotion.name, result)
    };
    let coupon = coupon.map(|(code, known, result)| {
        let result = result.map_err(|reason| match reason {
            // To customers that is as if there were none.
            NotApplicable::Unknown if known => Why {
                code: Skipped::NotActive.code(),
                words: "The coupon is switched off.".to_owned(),
                short: None,
            },
            reason => Why {
                code: reason.code(),
                words: reason.to_string(),
                short: reason.short(),
            },
        });
        outcome(None, code, result)
    });
    let shipping = priced.shipping_adjustments.iter();
    PricePreview {
        lines: basket.lines.iter().zip(&priced.lines).map(line).collect(),
        subtotal: money(priced.subtotal),
        discount: money(priced.discount),
        shipping: money(priced.shipping),
        tax: money(priced.tax),
        total: money(priced.total),
        prices_include_tax: basket.prices_include_tax,
        country: basket.destination.country.clone(),
        region: basket.destination.region.clone(),
        at: basket.now,
        included_tax: money(priced.included_tax),
        taxes: priced.taxes().iter().map(tax).collect(),
        shipping_adjustments: shipping
            .map(|a| AdjustmentView::of_shipping(a, currency))
            .collect(),
        shipping_method: priced.method.as_ref().map(|method| method.code.clone()),
        promotions: basket
            .promotions
            .iter()
            .zip(&priced.promotions)
            .map(promotion)
            .collect(),
        coupon,
        shipping_methods,
    }
}
