//! Orders in every state a shop knows.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::coupons::WELCOME;
use crate::dice::Dice;
use crate::people::{self, Customer, People};
use crate::products::ForSale;
use crate::shop::{Account, Call, Refusal, Shop};

/// How long a paid order may take to be confirmed by the webhook.
const DEADLINE: Duration = Duration::from_secs(60);

/// How many customers buy at the same time.
const AT_ONCE: usize = 4;

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Pending,
    Declined,
    CancelledUnpaid,
    CancelledPaid,
    Paid,
    PartlyShipped,
    Shipped,
    Delivered,
    Refunded,
    PartlyRefunded,
}

/// The fates of one customer's orders after another; customers take them in turns.
const FATES: [Fate; 48] = {
    use Fate::{
        CancelledPaid, CancelledUnpaid, Declined, Delivered, Paid, PartlyRefunded, PartlyShipped,
        Pending, Refunded, Shipped,
    };
    [
        Delivered,
        Paid,
        Delivered,
        PartlyRefunded,
        Delivered,
        Shipped,
        Delivered,
        Declined,
        Delivered,
        Refunded,
        Paid,
        Delivered,
        PartlyShipped,
        Pending,
        Delivered,
        Delivered,
        CancelledUnpaid,
        Delivered,
        Shipped,
        Delivered,
        Paid,
        CancelledPaid,
        Delivered,
        Delivered,
        PartlyRefunded,
        Delivered,
        Paid,
        Delivered,
        Shipped,
        Delivered,
        Delivered,
        Pending,
        Delivered,
        Paid,
        Declined,
        Delivered,
        PartlyShipped,
        Delivered,
        Delivered,
        Paid,
        CancelledUnpaid,
        Delivered,
        Shipped,
        Delivered,
        Refunded,
        Delivered,
        Pending,
        Delivered,
    ]
};

/// Somebody who bought something, for the reviews.
pub(crate) struct Purchase<'a> {
    pub(crate) buyer: &'a Account,
    pub(crate) product_id: String,
}

/// Whether nobody has ordered anything yet.
pub(crate) async fn is_empty(shop: &Shop, people: &People) -> anyhow::Result<bool> {
    let page = shop
        .get("/api/orders?limit=1")
        .by(&people.admin)
        .send()
        .await?;
    Ok(page["data"].as_array().is_none_or(Vec::is_empty))
}

/// Places the orders and leads each to its fate; what was bought by whom.
pub(crate) async fn place<'a>(
    shop: &Shop,
    people: &'a People,
    products: &[ForSale],
    dice: &Dice,
    light: bool,
) -> anyhow::Result<Vec<Purchase<'a>>> {
    let stocked: Vec<_> = products
        .iter()
        .filter(|variant| variant.units > 8)
        .collect();
    ensure!(!stocked.is_empty(), "nothing is in stock");
    let fates = if light { &FATES[..14] } else { &FATES[..] };
    let mut plans = Vec::new();
    for (at, customer) in people.customers.iter().enumerate() {
        let mut orders = Vec::new();
        for (number, fate) in fates
            .iter()
            .enumerate()
            .filter(|(number, _)| number % people.customers.len() == at)
        {
            orders.push((number, *fate, choose(&stocked, *fate, dice)));
        }
        plans.push((customer, orders));
    }
    let guest_lines = choose(&stocked, Fate::Delivered, dice);
    let bought: Vec<Vec<Purchase<'a>>> = stream::iter(plans)
        .map(|(customer, orders)| async move {
            let mut bought = Vec::new();
            // One after the other: a customer has one cart.
            for (number, fate, lines) in orders {
                let paid = order(shop, people, customer, number, fate, &lines)
                    .await
                    .with_context(|| format!("order {number}, to be {fate:?}"))?;
                if paid {
                    bought.extend(lines.iter().map(|(variant, _)| Purchase {
                        buyer: &customer.account,
                        product_id: variant.product_id.clone(),
                    }));
                }
            }
            anyhow::Ok(bought)
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    guest(shop, people, &guest_lines)
        .await
        .context("a guest's order")?;
    Ok(bought.into_iter().flatten().collect())
}

type Lines = Vec<(ForSale, usize)>;

fn choose(stocked: &[&ForSale], fate: Fate, dice: &Dice) -> Lines {
    let count = if fate == Fate::PartlyShipped {
        2
    } else {
        1 + dice.roll(3)
    };
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    while lines.len() < count.min(stocked.len()) {
        let Some(variant) = dice.pick(stocked) else {
            break;
        };
        if seen.insert(&variant.variant_id) {
            lines.push(((*variant).clone(), 1 + dice.roll(2)));
        }
    }
    lines
}

/// Who orders: with an account, or with tokens.
enum Buyer<'a> {
    Customer(&'a Account),
    Guest { order_token: String },
}

impl Buyer<'_> {
    fn sign<'c>(&'c self, call: Call<'c>) -> Call<'c> {
        match self {
            Self::Customer(account) => call.by(account),
            Self::Guest { order_token } => call.header("x-order-token", order_token),
        }
    }
}

/// Whether the order was paid in the end.
async fn order(
    shop: &Shop,
    people: &People,
    customer: &Customer,
    number: usize,
    fate: Fate,
    lines: &Lines,
) -> anyhow::Result<bool> {
    let account = &customer.account;
    for (variant, quantity) in lines {
        let body = json!({ "variant_id": variant.variant_id, "quantity": quantity });
        shop.post("/api/cart").by(account).json(body).send().await?;
    }
    if number.is_multiple_of(9) {
        shop.post("/api/cart/coupon")
            .by(account)
            .json(json!({ "code": WELCOME }))
            .send()
            .await?;
    }
    let placed = shop
        .post("/api/orders")
        .by(account)
        .header(
            "idempotency-key",
            format!("seed-{}-{number}", account.email),
        )
        .json(json!({ "shipping_address_id": customer.address_id }))
        .send()
        .await?;
    let buyer = Buyer::Customer(account);
    lead(shop, people, &buyer, &placed, fate).await
}

async fn guest(shop: &Shop, people: &People, lines: &Lines) -> anyhow::Result<()> {
    let mut token: Option<String> = None;
    for (variant, quantity) in lines {
        let mut call = shop.post("/api/cart");
        if let Some(token) = &token {
            call = call.header("x-cart-token", token);
        }
        let body = json!({ "variant_id": variant.variant_id, "quantity": quantity });
        let (_, headers) = call.json(body).send_with_headers().await?;
        if let Some(given) = headers.get("x-cart-token") {
            token = Some(given.to_str()?.to_owned());
        }
    }
    let token = token.context("a guest got no cart token")?;
    let (email, address) = people::guest_address();
    let placed = shop
        .post("/api/orders")
        .header("x-cart-token", token)
        .header("idempotency-key", "seed-guest")
        .json(json!({ "email": email, "shipping_address": address }))
        .send()
        .await?;
    let order_token = placed["guest_token"]
        .as_str()
        .context("a guest got no order token")?
        .to_owned();
    lead(
        shop,
        people,
        &Buyer::Guest { order_token },
        &placed,
        Fate::Delivered,
    )
    .await?;
    Ok(())
}

async fn lead(
    shop: &Shop,
    people: &People,
    buyer: &Buyer<'_>,
    placed: &Value,
    fate: Fate,
) -> anyhow::Result<bool> {
    let id = placed["id"].as_str().context("an order without an id")?;
    match fate {
        Fate::Pending => return Ok(false),
        Fate::CancelledUnpaid => {
            let cancel = shop
                .put(format!("/api/orders/{id}/cancel"))
                .json(json!({ "reason": "Ordered twice" }));
            buyer.sign(cancel).send().await?;
            return Ok(false);
        }
        Fate::Declined => {
            match pay(shop, buyer, id, "pm_card_chargeDeclined").await {
                Ok(_) => {}
                Err(error) if declined(&error) => {}
                Err(error) => return Err(error),
            }
            return Ok(false);
        }
        _ => {}
    }
    pay(shop, buyer, id, "pm_card_visa").await?;
    let order = wait(shop, buyer, id, |order| order["status"] != "pending").await?;
    ensure!(
        order["status"] == "confirmed",
        "paid, but {}",
        order["status"]
    );
    let staff = &people.support;
    match fate {
        Fate::Shipped => drop(ship(shop, staff, &order, 1, false).await?),
        Fate::PartlyShipped => drop(ship(shop, staff, &order, 2, true).await?),
        Fate::Delivered => {
            let shipment = ship(shop, staff, &order, 3, false).await?;
            shop.post(format!("/api/shipments/{shipment}/deliver"))
                .by(staff)
                .send()
                .await?;
        }
        Fate::CancelledPaid => {
            let reason = json!({ "reason": "The customer changed their mind" });
            shop.put(format!("/api/orders/{id}/cancel"))
                .by(&people.admin)
                .json(reason)
                .send()
                .await?;
        }
        Fate::Refunded | Fate::PartlyRefunded => {
            refund(shop, people, &order, fate == Fate::PartlyRefunded).await?
        }
        _ => {}
    }
    // Who has all of the money back may not review.
    Ok(!matches!(fate, Fate::CancelledPaid | Fate::Refunded))
}

/// A declined card may be told by 402 or by another refusal with a telling code.
fn declined(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refusal>().is_some_and(|refusal| {
        refusal.status.is_client_error()
            && (refusal.status == 402 || refusal.code.contains("declined"))
    })
}

async fn pay(shop: &Shop, buyer: &Buyer<'_>, id: &str, card: &str) -> anyhow::Result<Value> {
    let body = json!({ "method": "card", "test_payment_method": card });
    buyer
        .sign(shop.post(format!("/api/orders/{id}/payment")).json(body))
        .send()
        .await
}

/// Waits until the order is as it should be.
async fn wait(
    shop: &Shop,
    buyer: &Buyer<'_>,
    id: &str,
    done: impl Fn(&Value) -> bool,
) -> anyhow::Result<Value> {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    loop {
        let order = buyer
            .sign(shop.get(format!("/api/orders/{id}")))
            .send()
            .await?;
        if done(&order) {
            return Ok(order);
        }
        if tokio::time::Instant::now() > deadline {
            bail!(
                "no webhook confirmed order {id} within {} s",
                DEADLINE.as_secs()
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Ships the order or its first line; the shipment's id.
async fn ship(
    shop: &Shop,
    staff: &Account,
    order: &Value,
    seed: usize,
    partly: bool,
) -> anyhow::Result<String> {
    let id = order["id"].as_str().context("an order without an id")?;
    let number = order["number"].as_str().unwrap_or_default();
    let carrier = ["DHL", "DPD", "GLS"][(number.len() + seed) % 3];
    let mut body =
        json!({ "carrier": carrier, "tracking_number": format!("00340434{number:0>12}") });
    if partly {
        let first = &order["items"][0];
        body["items"] = json!([{ "order_item_id": first["id"], "quantity": 1 }]);
    }
    let shipment = shop
        .post(format!("/api/orders/{id}/shipments"))
        .by(staff)
        .json(body)
        .send()
        .await?;
    Ok(shipment["id"]
        .as_str()
        .context("a shipment without an id")?
        .to_owned())
}

async fn refund(shop: &Shop, people: &People, order: &Value, partly: bool) -> anyhow::Result<()> {
    let payment = order["payment_id"]
        .as_str()
        .context("a paid order without a payment")?;
    let mut body = json!({ "reason": if partly { "One item arrived scratched" } else { "Sent back unopened" } });
    if partly {
        let total = order["total"]["amount"].as_i64().unwrap_or_default();
        body["amount"] =
            json!({ "amount": (total / 3).max(1), "currency": order["total"]["currency"] });
    }
    shop.post(format!("/api/payments/{payment}/refund"))
        .by(&people.admin)
        .json(body)
        .send()
        .await?;
    Ok(())
}
