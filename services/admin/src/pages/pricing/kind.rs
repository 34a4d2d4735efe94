//! The four kinds of rows that prices are made of.

use auth_token::permissions::{ManageCoupons, ManageSettings};
use primitives::Currency;
use serde_json::Value;

use super::sheet::Sheet;
use super::{coupons, promotions, shipping, taxes};
use crate::app::AppState;
use crate::error::Result;
use crate::input::chosen;
use crate::session::Session;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Coupon,
    Promotion,
    Method,
    Rate,
}

/// What the address of a new form may choose.
pub(super) type Choice = (&'static str, &'static str);

impl Kind {
    /// As the audit log names it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Coupon => "coupon",
            Self::Promotion => "promotion",
            Self::Method => "shipping_method",
            Self::Rate => "tax_rate",
        }
    }

    /// Order's path of all of them.
    pub(super) const fn api(self) -> &'static str {
        match self {
            Self::Coupon => "/internal/api/coupons",
            Self::Promotion => "/internal/api/promotions",
            Self::Method => "/internal/api/shipping-methods",
            Self::Rate => "/internal/api/tax-rates",
        }
    }

    /// The list.
    pub(super) const fn page(self) -> &'static str {
        match self {
            Self::Coupon => "/admin/coupons",
            Self::Promotion => "/admin/promotions",
            Self::Method => "/admin/shipping",
            Self::Rate => "/admin/taxes",
        }
    }

    /// One of them, by its id. Codes of methods are chosen by people, and might be those of other pages.
    pub(super) const fn items(self) -> &'static str {
        match self {
            Self::Method => "/admin/shipping/methods",
            _ => self.page(),
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Coupon => "Coupons",
            Self::Promotion => "Promotions",
            Self::Method => "Shipping",
            Self::Rate => "Taxes",
        }
    }

    pub(super) const fn new_title(self) -> &'static str {
        match self {
            Self::Coupon => "New coupon",
            Self::Promotion => "New promotion",
            Self::Method => "New shipping method",
            Self::Rate => "New tax rate",
        }
    }

    /// The field that must be unlike all others'.
    pub(super) const fn unique(self) -> &'static str {
        match self {
            Self::Coupon | Self::Method => "code",
            Self::Promotion | Self::Rate => "name",
        }
    }

    /// Its table of steps.
    pub(super) const fn table(self) -> Option<&'static str> {
        match self {
            Self::Promotion => Some("tiers"),
            Self::Method => Some("steps"),
            Self::Coupon | Self::Rate => None,
        }
    }

    /// What the names of fields begin with that say what it is for.
    pub(super) const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Coupon => &[""],
            Self::Promotion => &["", "get_"],
            Self::Method | Self::Rate => &[],
        }
    }

    /// What a new one can be.
    pub(super) const fn choices(self) -> &'static [Choice] {
        match self {
            Self::Coupon => &[
                ("percent", "Percentage"),
                ("fixed", "Fixed amount"),
                ("free_shipping", "Free shipping"),
            ],
            Self::Promotion => &[
                ("percent", "Percentage"),
                ("fixed", "Fixed amount"),
                ("free_shipping", "Free shipping"),
                ("buy_x_get_y", "Buy X get Y"),
                ("tiered_quantity", "Tiers by units"),
                ("tiered_subtotal", "Tiers by value"),
            ],
            Self::Method => &[
                ("flat", "One price"),
                ("by_weight", "By weight"),
                ("by_subtotal", "By value"),
            ],
            Self::Rate => &[],
        }
    }

    /// Whether they may change it.
    pub(super) fn may(self, session: &Session) -> bool {
        match self {
            Self::Coupon | Self::Promotion => session.may::<ManageCoupons>(),
            Self::Method | Self::Rate => session.may::<ManageSettings>(),
        }
    }

    /// What order is told.
    pub(super) fn body(self, sheet: &mut Sheet, shop: Currency) -> Value {
        let currency = chosen(sheet.value("currency")).unwrap_or(shop);
        match self {
            Self::Coupon => coupons::body(sheet, currency),
            Self::Promotion => promotions::body(sheet, currency),
            Self::Method => shipping::body(sheet, currency),
            Self::Rate => taxes::body(sheet),
        }
    }

    /// The form of a row that is kept, with its version.
    pub(super) async fn kept(self, app: &AppState, id: &str) -> Result<Option<(Sheet, i32)>> {
        let mut db = app.order_db.acquire().await?;
        let kept = match self {
            Self::Coupon => coupons::kept(&mut db, id).await?,
            Self::Promotion => promotions::kept(&mut db, id).await?,
            Self::Method => shipping::kept(&mut db, id).await?,
            Self::Rate => taxes::kept(&mut db, id).await?,
        };
        Ok(kept)
    }
}
