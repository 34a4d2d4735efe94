use axum::extract::State;
use axum::response::Redirect;
use primitives::LocationId;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::page::HERE;
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::StaffForm;
use crate::pages::act::{Change, change};
use crate::pages::products::call;
use crate::read::inventory;

#[derive(Deserialize)]
pub(super) struct Transfer {
    sku: String,
    from: LocationId,
    to: LocationId,
    quantity: i32,
    #[serde(default)]
    reason: String,
    key: String,
}

pub(super) async fn send(
    State(app): State<AppState>,
    StaffForm(session, form): StaffForm<Transfer>,
) -> Result<Redirect> {
    let found = inventory::by_sku(&mut *app.product_db.acquire().await?, form.sku.trim()).await?;
    let (product, variant) = match found.as_slice() {
        [found] => found,
        [] => return Err(PageError::invalid("No variant has this SKU.").back_to(HERE)),
        _ => {
            let text = "Several sellers use this SKU: set the stock on the product's own page.";
            return Err(PageError::invalid(text).back_to(HERE));
        }
    };
    let mut body = json!({ "variant_id": variant, "from": form.from, "to": form.to, "quantity": form.quantity });
    if !form.reason.trim().is_empty() {
        body["reason"] = form.reason.trim().into();
    }
    let path = "/internal/api/inventory/transfers";
    let post = Change {
        action: "stock.transfer",
        target: format!("product:{product}"),
        details: json!({ "request": body }),
        call: call(&app, &session, Method::POST, path)?
            .key(Some(&form.key))
            .json(&body),
        page: HERE,
    };
    change::<Value>(&app, &session, post).await?;
    Ok(Redirect::to(&format!("{HERE}?done=transfer")))
}
