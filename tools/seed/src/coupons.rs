//! Coupons of each kind.

use reqwest::StatusCode;
use serde_json::json;

use crate::shop::{Account, Shop, refused};

/// The code that some of the demo's orders use.
pub(crate) const WELCOME: &str = "WELCOME10";

/// Issues them; those that exist are left alone.
pub(crate) async fn issue(shop: &Shop, admin: &Account) -> anyhow::Result<()> {
    let euros = |cents: i64| json!({ "amount": cents, "currency": "EUR" });
    let coupons = [
        json!({ "code": WELCOME, "kind": "percent", "percent": 10 }),
        json!({ "code": "FIVER", "kind": "fixed", "amount": euros(500), "min_subtotal": euros(4000) }),
        json!({ "code": "FREESHIP", "kind": "free_shipping", "usage_limit": 500, "per_customer_limit": 3 }),
    ];
    for coupon in coupons {
        match shop
            .post("/api/coupons")
            .by(admin)
            .json(coupon)
            .send()
            .await
        {
            Ok(_) => {}
            Err(error) if refused(&error, StatusCode::CONFLICT) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
