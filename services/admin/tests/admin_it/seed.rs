//! Rows in the other services' databases, written as their owners.

use primitives::{OrderId, Timestamp};
use uuid::Uuid;

use crate::panel::Panel;

/// An order with one line of two units, one payment and its first event.
#[derive(Debug, Clone)]
pub(crate) struct NewOrder<'a> {
    pub(crate) user: Option<Uuid>,
    pub(crate) email: &'a str,
    pub(crate) status: &'a str,
    pub(crate) payment_status: &'a str,
    pub(crate) fulfillment_status: &'a str,
    pub(crate) title: &'a str,
    pub(crate) sku: &'a str,
    pub(crate) note: Option<&'a str>,
    /// Of one unit, without tax.
    pub(crate) price: i64,
    pub(crate) refunded: i64,
    pub(crate) placed_at: Option<Timestamp>,
}

impl Default for NewOrder<'_> {
    fn default() -> Self {
        Self {
            user: None,
            email: "guest@example.com",
            status: "confirmed",
            payment_status: "paid",
            fulfillment_status: "unfulfilled",
            title: "Blue lamp",
            sku: "LAMP-BLUE",
            note: None,
            price: 1000,
            refunded: 0,
            placed_at: None,
        }
    }
}

/// An order that was written.
pub(crate) struct Seeded {
    pub(crate) id: OrderId,
    pub(crate) number: String,
    pub(crate) payment: Uuid,
}

impl Panel {
    pub(crate) fn id(&self) -> Uuid {
        OrderId::new(self.clock.now(), &self.random).uuid()
    }

    /// Subtotal 2 × price, discount 1.00, shipping 4.90, tax 3.00.
    pub(crate) async fn order(&self, new: NewOrder<'_>) -> Seeded {
        let (payment, item) = (self.id(), self.id());
        let placed_at = new.placed_at.unwrap_or_else(|| self.clock.now());
        let id = OrderId::new(placed_at, &self.random).uuid();
        let (subtotal, line) = (2 * new.price, 2 * new.price - 100 + 300);
        let total = line + 490;
        let number: String = sqlx::query_scalar(
            r#"INSERT INTO orders (id, cart_id, user_id, email, status, payment_status, fulfillment_status, currency, subtotal, discount, shipping,
                                   tax, total, coupon, shipping_method, shipping_address, billing_address, note, placed_at, cancelled_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'EUR', $8, 100, 490, 300, $9, 'WELCOME', 'standard',
                       '{"name": "Anna Example", "line1": "Street 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}', '{}',
                       $10, $11, CASE $5 WHEN 'cancelled' THEN $11 END, $11) RETURNING number::text"#,
        )
        .bind(id)
        .bind(self.id())
        .bind(new.user)
        .bind(new.email)
        .bind(new.status)
        .bind(new.payment_status)
        .bind(new.fulfillment_status)
        .bind(subtotal)
        .bind(total)
        .bind(new.note)
        .bind(placed_at)
        .fetch_one(&self.order_db)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO order_items (id, order_id, position, product_id, variant_id, seller_id, sku, title, quantity, unit_price, discount, tax, total, tax_rate)
             VALUES ($1, $2, 0, $1, $1, $1, $3, $4, 2, $5, 100, 300, $6, 1900)",
        )
        .bind(item)
        .bind(id)
        .bind(new.sku)
        .bind(new.title)
        .bind(new.price)
        .bind(line)
        .execute(&self.order_db)
        .await
        .unwrap();
        let status = match new.payment_status {
            "paid" => "succeeded",
            "unpaid" => "requires_payment",
            other => other,
        };
        sqlx::query(
            "INSERT INTO payments (id, order_id, status, provider, provider_ref, currency, amount, amount_captured, amount_refunded, failure, created_at, updated_at)
             VALUES ($1, $2, $3, 'stripe', 'pi_' || $1, 'EUR', $4, CASE WHEN $3 IN ('succeeded', 'partially_refunded', 'refunded') THEN $4 ELSE 0 END, $5, CASE $3 WHEN 'failed' THEN 'card_declined' END, $6, $6)",
        )
        .bind(payment)
        .bind(id)
        .bind(status)
        .bind(total)
        .bind(new.refunded)
        .bind(placed_at)
        .execute(&self.order_db)
        .await
        .unwrap();
        let id = OrderId::from(id);
        self.order_event(id, "order.placed", "guest", "Order placed")
            .await;
        Seeded {
            id,
            number,
            payment,
        }
    }

    pub(crate) async fn order_event(&self, order: OrderId, kind: &str, actor: &str, message: &str) {
        sqlx::query("INSERT INTO order_events (id, order_id, type, at, actor, message) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(self.id())
            .bind(order.uuid())
            .bind(kind)
            .bind(self.clock.now())
            .bind(actor)
            .bind(message)
            .execute(&self.order_db)
            .await
            .unwrap();
    }

    pub(crate) async fn shipment(&self, order: OrderId, status: &str) -> Uuid {
        let id = self.id();
        sqlx::query("INSERT INTO shipments (id, order_id, carrier, tracking_number, status, shipped_at) VALUES ($1, $2, 'DHL', 'T-1', $3, $4)")
            .bind(id)
            .bind(order.uuid())
            .bind(status)
            .bind(self.clock.now())
            .execute(&self.order_db)
            .await
            .unwrap();
        id
    }

    /// Of one of two units of the order's line, which came and was worn.
    pub(crate) async fn returned(&self, order: OrderId) -> Uuid {
        let id = self.id();
        sqlx::query(
            "INSERT INTO returns (id, order_id, position, status, actor, requested_at, received_at, updated_at) VALUES ($1, $2, 1, 'received', 'guest', $3, $3, $3)",
        )
        .bind(id)
        .bind(order.uuid())
        .bind(self.clock.now())
        .execute(&self.order_db)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO return_items (return_id, order_item_id, quantity, reason, received, condition, restock)
             SELECT $1, id, 1, 'unwanted', 1, 'used', false FROM order_items WHERE order_id = $2",
        )
        .bind(id)
        .bind(order.uuid())
        .execute(&self.order_db)
        .await
        .unwrap();
        id
    }

    pub(crate) async fn refund(&self, payment: Uuid, status: &str, amount: i64, attempts: i32) {
        sqlx::query(
            "INSERT INTO refunds (id, payment_id, status, amount, actor, attempts, next_try_at, created_at, updated_at)
             VALUES ($1, $2, $3, $4, 'system', $5, $6, $6, $6)",
        )
        .bind(self.id())
        .bind(payment)
        .bind(status)
        .bind(amount)
        .bind(attempts)
        .bind(self.clock.now())
        .execute(&self.order_db)
        .await
        .unwrap();
    }

    /// Something that the provider told; with an outcome it is dealt with.
    pub(crate) async fn provider_told(
        &self,
        attempts: i32,
        outcome: Option<&str>,
        order: Option<OrderId>,
    ) -> String {
        let id = format!("evt_{}", self.id().simple());
        sqlx::query(
            "INSERT INTO webhook_events (id, type, payload, subject, received_at, processed_at, outcome, attempts, next_try_at, error, order_id)
             VALUES ($1, 'charge.refunded', '{}', 'pi_of_' || $1, $2, CASE WHEN $4 IS NOT NULL THEN $2 END, $4, $3, $2, 'away <i>now', $5)",
        )
        .bind(&id)
        .bind(self.clock.now())
        .bind(attempts)
        .bind(outcome)
        .bind(order.map(OrderId::uuid))
        .execute(&self.order_db)
        .await
        .unwrap();
        id
    }

    /// A product in a category, with a variant for each number of units on hand; one unit of each is held.
    pub(crate) async fn product(&self, title: &str, status: &str, on_hand: &[i32]) -> Uuid {
        let (id, category) = (self.id(), self.id());
        let skus: Vec<_> = (0..on_hand.len())
            .map(|number| format!("{}-{number}", &id.simple().to_string()[20..]))
            .collect();
        sqlx::query("INSERT INTO categories (id, slug, name, created_at, updated_at) VALUES ($1, $2, 'Lighting', $3, $3)")
            .bind(category)
            .bind(category.to_string())
            .bind(self.clock.now())
            .execute(&self.product_db)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO products (id, seller_id, category_id, slug, title, description, status, currency, price_min, price_max, skus, created_at, updated_at)
             VALUES ($1, $1, $2, $3, $4, '', $5, 'EUR', 1000, 1500, $6, $7, $7)",
        )
        .bind(id)
        .bind(category)
        .bind(id.to_string())
        .bind(title)
        .bind(status)
        .bind(skus.join(" "))
        .bind(self.clock.now())
        .execute(&self.product_db)
        .await
        .unwrap();
        for (position, (units, sku)) in (0..).zip(std::iter::zip(on_hand, &skus)) {
            let variant = self.id();
            sqlx::query(
                "INSERT INTO product_variants (id, product_id, sku, options, price, position, created_at, updated_at)
                 VALUES ($1, $2, $3, jsonb_build_object('n', ($4::int)::text), 1000, $4, $5, $5)",
            )
            .bind(variant)
            .bind(id)
            .bind(sku)
            .bind(position)
            .bind(self.clock.now())
            .execute(&self.product_db)
            .await
            .unwrap();
            sqlx::query("INSERT INTO stock_levels (variant_id, location_id, on_hand, reserved, updated_at) SELECT $1, id, $2, 1, $3 FROM stock_locations")
                .bind(variant)
                .bind(units)
                .bind(self.clock.now())
                .execute(&self.product_db)
                .await
                .unwrap();
            sqlx::query("SELECT note_low_stock(ARRAY[$1])")
                .bind(variant)
                .execute(&self.product_db)
                .await
                .unwrap();
        }
        id
    }
}
