//! Somebody who buys, and what must be so in the end.

use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use testkit::http::{Answer, Client, Request};

use super::place::{Place, UNITS};
use crate::shop::address;

/// A guest who buys a tray and then wants the money back, and does not give up.
#[derive(Default)]
pub(crate) struct Purchase {
    /// What happens meanwhile.
    case: String,
    cart: String,
    order: String,
    token: String,
    key: String,
}

impl Purchase {
    /// Cart, order, payment, cancellation.
    pub(crate) const STEPS: usize = 4;

    pub(crate) fn new(case: &str) -> Self {
        Self {
            case: case.to_owned(),
            ..Self::default()
        }
    }

    /// Everything, until it is in order.
    pub(crate) async fn all_the_way(place: &mut Place, case: &str) {
        let mut purchase = Self::new(case);
        for step in 0..Self::STEPS {
            purchase.step(place, step).await;
        }
        purchase.is_in_order(place).await;
    }

    pub(crate) async fn step(&mut self, place: &mut Place, step: usize) {
        match step {
            0 => {
                self.key = uuid::Uuid::new_v4().to_string();
                let body = json!({"variant_id": place.variant, "quantity": 1});
                let answer = self
                    .insist(place, |client| client.post("/api/cart").json(&body))
                    .await;
                answer.header("x-cart-token").clone_into(&mut self.cart);
            }
            1 => {
                let body = json!({"shipping_address": address(), "email": "anna@example.com"});
                let order = self
                    .insist(place, |client| {
                        let request = client
                            .post("/api/orders")
                            .header("x-cart-token", &self.cart);
                        request.header("idempotency-key", &self.key).json(&body)
                    })
                    .await
                    .value();
                order["id"].as_str().unwrap().clone_into(&mut self.order);
                order["guest_token"]
                    .as_str()
                    .unwrap()
                    .clone_into(&mut self.token);
            }
            2 => {
                let path = format!("/api/orders/{}/payment", self.order);
                let body = json!({"method": "card", "test_payment_method": "pm_card_visa"});
                self.insist(place, |client| {
                    client
                        .post(&path)
                        .header("x-order-token", &self.token)
                        .json(&body)
                })
                .await;
                self.becomes(place, "confirmed", "paid", "committed").await;
            }
            _ => {
                let path = format!("/api/orders/{}/cancel", self.order);
                self.insist(place, |client| {
                    client.put(&path).header("x-order-token", &self.token)
                })
                .await;
            }
        }
    }

    /// Cancelled, its money back, its unit on the shelf, and nothing under way.
    pub(crate) async fn is_in_order(&self, place: &mut Place) {
        self.becomes(place, "cancelled", "refunded", "released")
            .await;
        place
            .until(&self.case, async |place| {
                let under_way = under_way(place, &self.order).await;
                if under_way.as_ref().is_ok_and(Vec::is_empty) {
                    Ok(())
                } else {
                    Err(format!("still under way: {under_way:?}"))
                }
            })
            .await;
    }

    async fn becomes(&self, place: &mut Place, status: &str, payment: &str, hold: &str) {
        let path = format!("/api/orders/{}", self.order);
        place
            .until(&self.case, async |place| {
                let client = place.order.client();
                let request = client.get(&path).header("x-order-token", &self.token);
                let order = request
                    .try_send()
                    .await
                    .ok()
                    .filter(|answer| answer.status == 200)
                    .map(|answer| answer.value())
                    .unwrap_or_default();
                let held = hold_of(place, &self.order).await;
                if order["status"] == status
                    && order["payment_status"] == payment
                    && held.as_deref() == Some(hold)
                {
                    Ok(())
                } else {
                    Err(format!(
                        "not {status}, {payment} and {hold} but {order}, {held:?}"
                    ))
                }
            })
            .await;
    }

    /// Repeats a request, as clients do, until it is answered well.
    async fn insist(&self, place: &mut Place, request: impl Fn(Client) -> Request) -> Answer {
        place
            .until(&self.case, async |place| {
                match request(place.order.client()).try_send().await {
                    Ok(answer) if answer.status < 300 => Ok(answer),
                    // Whoever asked before us was told nothing, but it was done.
                    Ok(answer)
                        if answer.status == 409
                            && ["order_already_paid", "order_not_payable"]
                                .contains(&answer.value()["code"].as_str().unwrap_or_default()) =>
                    {
                        Ok(answer)
                    }
                    Ok(answer) => Err(format!("not answered well: {}", answer.text())),
                    Err(error) => Err(format!("not answered: {error}")),
                }
            })
            .await
    }
}

async fn database(place: &Place, name: &str) -> Option<PgConnection> {
    PgConnection::connect(&place.database_url(name)).await.ok()
}

/// What product holds for an order.
async fn hold_of(place: &Place, order: &str) -> Option<String> {
    let mut db = database(place, "product_db").await?;
    sqlx::query_scalar("SELECT status FROM reservations WHERE order_id = $1::text::uuid")
        .bind(order)
        .fetch_optional(&mut db)
        .await
        .ok()?
}

/// What is not as it must be in the end: units that are not back on the shelf, events that were not sent, news of the provider that was not applied,
/// steps of the saga that are not done (but the check of stock), money that was not taken and given back once.
async fn under_way(place: &Place, order: &str) -> sqlx::Result<Vec<String>> {
    let mut product = PgConnection::connect(&place.database_url("product_db")).await?;
    let mut under_way: Vec<String> = sqlx::query_scalar(
        "SELECT 'product has not sent ' || event_type FROM outbox
          UNION ALL
         SELECT 'on the shelf: ' || sum(on_hand - reserved) FROM stock_levels HAVING sum(on_hand - reserved) <> $1",
    )
    .bind(i64::from(UNITS))
    .fetch_all(&mut product)
    .await?;
    let mut db = PgConnection::connect(&place.database_url("order_db")).await?;
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT 'order has not sent ' || event_type FROM outbox
          UNION ALL
         SELECT concat_ws(' ', step, status, attempts, error) FROM saga_steps WHERE status <> 'done' AND step NOT LIKE 'stock.%'
          UNION ALL
         SELECT concat_ws(' ', 'webhook', type, attempts, error) FROM webhook_events WHERE processed_at IS NULL
          UNION ALL
         SELECT format('taken %s, given back %s', amount_captured, amount_refunded) FROM payments
          WHERE order_id = $1::text::uuid AND (amount_captured = 0 OR amount_captured <> amount_refunded)",
    )
    .bind(order)
    .fetch_all(&mut db)
    .await?;
    under_way.extend(open);
    let intents = Client::new(place.stripe.url())
        .with_bearer("sk_test_mercato")
        .get("/v1/payment_intents?limit=100")
        .expect(200)
        .await
        .value();
    let intents = intents["data"].as_array().unwrap();
    let charged = intents
        .iter()
        .filter(|intent| intent["metadata"]["order_id"] == order);
    let charged = charged.count();
    if charged != 1 {
        under_way.push(format!("{charged} payments at the provider"));
    }
    Ok(under_way)
}
