//! What prices are made of, in answers.

use primitives::{Currency, Money, OrderItemId};
use serde::Serialize;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use crate::domain::pricing::tax::{Percent, TaxPart};
use crate::domain::pricing::{Adjustment, Priced, Source};
use crate::store::order_pricing::{StoredAdjustment, StoredTax};

/// What one promotion or coupon takes off a line or the shipping costs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Adjustment)]
pub(crate) struct AdjustmentView {
    /// Off which line of an order; null: off the shipping costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_item_id: Option<OrderItemId>,
    /// `promotion`, `coupon`, or `shipping` for what either takes off the shipping costs.
    kind: String,
    /// The promotion or coupon.
    source_id: Uuid,
    /// Its name or code.
    label: String,
    amount: Money,
}

/// A tax on a line, on shipping, or on all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tax)]
pub(crate) struct TaxView {
    /// On which line of an order; absent: on the shipping costs, or on all.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_item_id: Option<OrderItemId>,
    name: String,
    percent: Percent,
    /// What is taxed, without any tax.
    base: Money,
    amount: Money,
}

impl AdjustmentView {
    /// Of a basket's line.
    pub(crate) fn of_line(adjustment: &Adjustment, currency: Currency) -> Self {
        let kind = match adjustment.source {
            Source::Promotion => "promotion",
            Source::Coupon => "coupon",
        };
        Self::new(kind, adjustment, currency)
    }

    /// Of a basket, by source.
    pub(crate) fn by_source(priced: &Priced, currency: Currency) -> Vec<Self> {
        let goods = priced.adjustments();
        let goods = goods.iter().map(|a| Self::of_line(a, currency));
        let shipping = priced.shipping_adjustments.iter();
        goods
            .chain(shipping.map(|a| Self::of_shipping(a, currency)))
            .collect()
    }

    /// Of a basket's shipping costs.
    pub(crate) fn of_shipping(adjustment: &Adjustment, currency: Currency) -> Self {
        Self::new("shipping", adjustment, currency)
    }

    fn new(kind: &str, adjustment: &Adjustment, currency: Currency) -> Self {
        Self {
            order_item_id: None,
            kind: kind.to_owned(),
            source_id: adjustment.source_id,
            label: adjustment.label.clone(),
            amount: Money::new(adjustment.amount, currency),
        }
    }

    /// Of an order.
    pub(crate) fn stored(stored: StoredAdjustment, currency: Currency) -> Self {
        Self {
            order_item_id: stored.order_item_id,
            kind: stored.kind,
            source_id: stored.source_id,
            label: stored.label,
            amount: Money::new(stored.amount, currency),
        }
    }
}

impl TaxView {
    /// Of a basket.
    pub(crate) fn of(part: &TaxPart, currency: Currency) -> Self {
        Self {
            order_item_id: None,
            name: part.name.clone(),
            percent: part.rate,
            base: Money::new(part.base, currency),
            amount: Money::new(part.amount, currency),
        }
    }

    /// Of an order.
    pub(crate) fn stored(stored: StoredTax, currency: Currency) -> Self {
        Self {
            order_item_id: stored.order_item_id,
            ..Self::of(&stored.part, currency)
        }
    }
}
