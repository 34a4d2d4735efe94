//! A shop whose orders live random lives, written as its owner would write them.

use serde_json::json;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::panel::Panel;

/// Numbers that are the same for the same seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Less than `sides`.
    pub(crate) fn roll(&mut self, sides: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 1) as i64 % sides
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len() as i64) as usize]
    }
}

/// An order of the shop.
pub(crate) struct Placed {
    pub(crate) id: Uuid,
    pub(crate) payment: Uuid,
    pub(crate) total: i64,
    currency: &'static str,
    lines: Vec<(Uuid, i64)>,
    confirmed: bool,
    cancelled: bool,
    taken: i64,
    refunds: Vec<(Uuid, i64, bool)>,
    refunded: i64,
    disputed: Option<(Uuid, i64)>,
    guest: bool,
}

pub(crate) struct Shop<'a> {
    panel: &'a Panel,
    pub(crate) dice: Dice,
    pub(crate) orders: Vec<Placed>,
    products: Vec<Uuid>,
    sellers: Vec<Uuid>,
    customers: Vec<Uuid>,
    categories: Vec<Uuid>,
    now: OffsetDateTime,
}

impl<'a> Shop<'a> {
    pub(crate) async fn open(panel: &'a Panel, seed: u64) -> Self {
        let ids = |count: usize| (0..count).map(|_| panel.id()).collect::<Vec<_>>();
        let mut products = Vec::new();
        for name in ["Lamp", "Desk", "Chair", "Rug", "Vase"] {
            products.push(panel.product(name, "active", &[10]).await);
        }
        // One that product does not know any more.
        products.push(panel.id());
        let categories = sqlx::query_scalar("SELECT id FROM categories ORDER BY id")
            .fetch_all(&panel.product_db)
            .await
            .unwrap();
        Self {
            panel,
            dice: Dice::new(seed),
            orders: Vec::new(),
            products,
            sellers: ids(2),
            customers: ids(4),
            categories,
            now: panel.clock.now().date_time() - Duration::days(400),
        }
    }

    fn later(&mut self) -> OffsetDateTime {
        self.now += Duration::hours(self.dice.roll(60));
        self.now
    }

    /// Something happens; the order or product that it happened to, and whether anybody needs to be told.
    pub(crate) async fn step(&mut self) -> (&'static str, Uuid) {
        match self.dice.roll(12) {
            0 => return ("product", self.move_product().await),
            1..=4 => return ("order", self.place().await),
            _ => {}
        }
        if self.orders.is_empty() {
            return ("order", self.place().await);
        }
        let at = self.dice.roll(self.orders.len() as i64) as usize;
        let when = self.later();
        let mut conn = self.panel.order_db.acquire().await.unwrap();
        let Self {
            dice,
            orders,
            panel,
            customers,
            ..
        } = self;
        let order = &mut orders[at];
        order.live(&mut conn, dice, panel, customers, when).await;
        ("order", order.id)
    }

    async fn move_product(&mut self) -> Uuid {
        let product = *self.dice.pick(&self.products);
        let category = (self.dice.roll(4) > 0).then(|| *self.dice.pick(&self.categories));
        sqlx::query("UPDATE products SET category_id = $2 WHERE id = $1")
            .bind(product)
            .bind(category)
            .execute(&self.panel.product_db)
            .await
            .unwrap();
        product
    }

    /// Places an order of one to three lines, which may have discounts, and taxes of several kinds or none.
    async fn place(&mut self) -> Uuid {
        let at = self.later();
        let panel = self.panel;
        let (id, payment) = (panel.id(), panel.id());
        let dice = &mut self.dice;
        let included = dice.roll(3) == 0;
        let currency = *dice.pick(&["EUR", "EUR", "EUR", "USD"]);
        let country = *dice.pick(&["DE", "AT", "US"]);
        let coupon = (dice.roll(3) == 0).then(|| *dice.pick(&["WELCOME", "SUMMER"]));
        let rates: &[i64] = match dice.roll(4) {
            0 => &[],
            1 => &[50_000, 99_750],
            _ => &[190_000],
        };
        let mut lines = Vec::new();
        let (mut subtotal, mut discount, mut tax) = (0, 0, 0);
        for _ in 0..=dice.roll(3) {
            let (quantity, price) = (1 + dice.roll(3), dice.roll(5000));
            let gross = quantity * price;
            let off = if coupon.is_some() || dice.roll(3) == 0 {
                dice.roll(gross + 1)
            } else {
                0
            };
            let taxes: Vec<(i64, i64)> = rates
                .iter()
                .map(|rate| (*rate, (gross - off) * rate / 1_000_000))
                .collect();
            let line_tax: i64 = taxes.iter().map(|(_, amount)| amount).sum();
            subtotal += gross;
            discount += off;
            tax += line_tax;
            lines.push((
                panel.id(),
                *dice.pick(&self.products),
                *dice.pick(&self.sellers),
                quantity,
                price,
                off,
                taxes,
                line_tax,
            ));
        }
        let shipping = *dice.pick(&[0, 490]);
        let shipping_tax = if shipping > 0 && dice.roll(2) == 0 {
            78
        } else {
            0
        };
        let tax = tax + shipping_tax;
        let (added, contained) = if included { (0, tax) } else { (tax, 0) };
        let total = subtotal - discount + shipping + added;
        let guest = dice.roll(3) == 0;
        let customer = (!guest).then(|| *dice.pick(&self.customers));
        let mut tx = panel.order_db.begin().await.unwrap();
        sqlx::query(
            "INSERT INTO orders (id, cart_id, user_id, email, status, payment_status, fulfillment_status, currency, subtotal, discount, shipping, tax, total, coupon,
                                 shipping_method, shipping_address, billing_address, placed_at, updated_at, prices_include_tax, included_tax, shipping_tax)
             VALUES ($1, $1, $2, 'x@example.com', 'pending', 'unpaid', 'unfulfilled', $3, $4, $5, $6, $7, $8, $9, 'standard', $10, '{}', $11, $11, $12, $13, $14)",
        )
        .bind(id).bind(customer).bind(currency).bind(subtotal).bind(discount).bind(shipping).bind(added).bind(total).bind(coupon)
        .bind(json!({ "country": country })).bind(at).bind(included).bind(contained).bind(shipping_tax)
        .execute(&mut *tx).await.unwrap();
        let (mut place, mut off_place) = (0, 0);
        for (position, (line, product, seller, quantity, price, off, taxes, line_tax)) in
            (0..).zip(&lines)
        {
            let (added, contained) = if included {
                (0, *line_tax)
            } else {
                (*line_tax, 0)
            };
            let line_total = price * quantity - off + added;
            sqlx::query(
                "INSERT INTO order_items (id, order_id, position, product_id, variant_id, seller_id, sku, title, quantity, unit_price, discount, tax, total, tax_rate, included_tax)
                 VALUES ($1, $2, $3, $4, $4, $5, 'SKU', 'Title', $6, $7, $8, $9, $10, 0, $11)",
            )
            .bind(line).bind(id).bind(position).bind(product).bind(seller).bind(*quantity as i32).bind(price).bind(off).bind(added).bind(line_total).bind(contained)
            .execute(&mut *tx).await.unwrap();
            for (rate, amount) in taxes {
                sqlx::query("INSERT INTO order_taxes (order_id, position, order_item_id, name, rate_ppm, base, amount) VALUES ($1, $2, $3, 'VAT', $4, $5, $6)")
                    .bind(id).bind(place).bind(line).bind(*rate as i32).bind(line_total - line_tax).bind(amount)
                    .execute(&mut *tx).await.unwrap();
                place += 1;
            }
            if *off > 0 {
                let (kind, label) = coupon.map_or(("promotion", "Sale"), |code| ("coupon", code));
                sqlx::query("INSERT INTO order_adjustments (order_id, position, order_item_id, kind, source_id, label, amount) VALUES ($1, $2, $3, $4, $1, $5, $6)")
                    .bind(id).bind(off_place).bind(line).bind(kind).bind(label).bind(off)
                    .execute(&mut *tx).await.unwrap();
                off_place += 1;
            }
        }
        if shipping_tax > 0 {
            sqlx::query("INSERT INTO order_taxes (order_id, position, name, rate_ppm, base, amount) VALUES ($1, $2, 'VAT', 190000, 412, $3)")
                .bind(id).bind(place).bind(shipping_tax)
                .execute(&mut *tx).await.unwrap();
        }
        sqlx::query(
            "INSERT INTO payments (id, order_id, status, provider, currency, amount, created_at, updated_at) VALUES ($1, $2, 'requires_payment', 'stripe', $3, $4, $5, $5)",
        )
        .bind(payment).bind(id).bind(currency).bind(total).bind(at)
        .execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let totals = lines
            .iter()
            .map(|(line, _, _, quantity, price, off, _, line_tax)| {
                (
                    *line,
                    price * quantity - off + if included { 0 } else { *line_tax },
                )
            });
        self.orders.push(Placed {
            id,
            payment,
            total,
            currency,
            lines: totals.collect(),
            confirmed: false,
            cancelled: false,
            taken: 0,
            refunds: Vec::new(),
            refunded: 0,
            disputed: None,
            guest,
        });
        id
    }
}

impl Placed {
    /// One more thing that may happen to it in its state.
    async fn live(
        &mut self,
        conn: &mut PgConnection,
        dice: &mut Dice,
        panel: &Panel,
        customers: &[Uuid],
        at: OffsetDateTime,
    ) {
        if self.guest && dice.roll(4) == 0 {
            self.guest = false;
            sqlx::query("UPDATE orders SET user_id = $2 WHERE id = $1")
                .bind(self.id)
                .bind(dice.pick(customers))
                .execute(conn)
                .await
                .unwrap();
            return;
        }
        if !self.confirmed && !self.cancelled {
            if dice.roll(5) == 0 {
                return self.cancel(conn, at).await;
            }
            self.confirmed = true;
            sqlx::query("UPDATE orders SET status = 'confirmed', confirmed_at = $2 WHERE id = $1")
                .bind(self.id)
                .bind(at)
                .execute(&mut *conn)
                .await
                .unwrap();
            if self.total > 0 && dice.roll(3) > 0 {
                self.taken = self.total;
                let amount = self.total;
                self.post(
                    conn,
                    panel,
                    "charge",
                    "stripe",
                    "sales",
                    amount,
                    &self.payment.to_string(),
                    at,
                )
                .await;
            }
            return;
        }
        if self.total == 0 || !self.confirmed {
            return;
        }
        if self.taken == 0 && !self.cancelled {
            if dice.roll(4) == 0 {
                return self.cancel(conn, at).await;
            }
            self.taken = 1 + dice.roll(self.total);
            let amount = self.taken;
            return self
                .post(
                    conn,
                    panel,
                    "capture",
                    "stripe",
                    "sales",
                    amount,
                    &panel.id().to_string(),
                    at,
                )
                .await;
        }
        let left = self.taken - self.refunded;
        match dice.roll(6) {
            0 if !self.cancelled => self.cancel(conn, at).await,
            1 if self.disputed.is_none() && self.taken > 0 => {
                let (dispute, amount) = (panel.id(), 1 + dice.roll(self.taken));
                self.disputed = Some((dispute, amount));
                self.post(
                    conn,
                    panel,
                    "dispute",
                    "disputes",
                    "stripe",
                    amount,
                    &dispute.to_string(),
                    at,
                )
                .await;
            }
            2 => {
                if let Some((dispute, amount)) = self.disputed.take() {
                    let (kind, to, from) = match dice.roll(2) {
                        0 => ("dispute_won", "stripe", "disputes"),
                        _ => ("dispute_lost", "chargebacks", "disputes"),
                    };
                    self.post(
                        conn,
                        panel,
                        kind,
                        to,
                        from,
                        amount,
                        &dispute.to_string(),
                        at,
                    )
                    .await;
                }
            }
            3 => {
                if let Some((refund, amount, back)) =
                    self.refunds.iter_mut().find(|(.., back)| !back)
                {
                    *back = true;
                    let (refund, amount) = (refund.to_string(), *amount);
                    self.refunded -= amount;
                    self.post(
                        conn,
                        panel,
                        "refund_reversed",
                        "stripe",
                        "refunds",
                        amount,
                        &refund,
                        at,
                    )
                    .await;
                }
            }
            _ if left > 0 => {
                let amount = if dice.roll(2) == 0 {
                    left
                } else {
                    1 + dice.roll(left)
                };
                let refund = panel.id();
                sqlx::query("INSERT INTO refunds (id, payment_id, status, amount, actor, next_try_at, created_at, updated_at) VALUES ($1, $2, 'succeeded', $3, 'system', $4, $4, $4)")
                    .bind(refund).bind(self.payment).bind(amount).bind(at).execute(&mut *conn).await.unwrap();
                let (line, worth) = *dice.pick(&self.lines);
                if dice.roll(2) == 0 && worth.min(amount) > 0 {
                    sqlx::query("INSERT INTO refund_items (refund_id, order_item_id, quantity, amount) VALUES ($1, $2, 1, $3)")
                        .bind(refund).bind(line).bind(worth.min(amount)).execute(&mut *conn).await.unwrap();
                }
                self.refunds.push((refund, amount, false));
                self.refunded += amount;
                self.post(
                    conn,
                    panel,
                    "refund",
                    "refunds",
                    "stripe",
                    amount,
                    &refund.to_string(),
                    at,
                )
                .await;
            }
            _ => {}
        }
    }

    async fn cancel(&mut self, conn: &mut PgConnection, at: OffsetDateTime) {
        self.cancelled = true;
        sqlx::query("UPDATE orders SET status = 'cancelled', cancelled_at = $2 WHERE id = $1")
            .bind(self.id)
            .bind(at)
            .execute(conn)
            .await
            .unwrap();
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a posting")]
    async fn post(
        &self,
        conn: &mut PgConnection,
        panel: &Panel,
        kind: &str,
        debit: &str,
        credit: &str,
        amount: i64,
        reference: &str,
        at: OffsetDateTime,
    ) {
        sqlx::query(
            "INSERT INTO ledger_entries (posting_id, order_id, payment_id, kind, account, amount, currency, at, reference)
             VALUES ($1, $2, $3, $4, $5, $7, $8, $9, $10), ($1, $2, $3, $4, $6, -$7, $8, $9, $10)",
        )
        .bind(panel.id()).bind(self.id).bind(self.payment).bind(kind).bind(debit).bind(credit).bind(amount).bind(self.currency).bind(at).bind(reference)
        .execute(conn)
        .await
        .unwrap();
    }
}
