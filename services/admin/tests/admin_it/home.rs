//! The first page: what needs somebody, how the day goes, how the system is, and hearing of news.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use admin::AppState;
use admin::analytics::catch_up;
use auth_token::Role;
use axum::routing::get;
use primitives::Timestamp;
use serde_json::{Value, json};
use testkit::Served;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::html::{assert_hides, assert_shows, text};
use crate::panel::{Panel, Staff};
use crate::seed::{NewOrder, Seeded};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// Five past noon of a day (UTC), so that there are hours before and after.
fn noon(panel: &Panel) -> Timestamp {
    let since_midnight = u64::try_from(panel.clock.now().unix().rem_euclid(86_400)).unwrap();
    let to_noon = (86_400 + 12 * 3600 + 300 - since_midnight) % 86_400;
    panel.clock.advance(Duration::from_secs(to_noon));
    panel.clock.now()
}

async fn run(panel: &Panel, sql: &str, id: Uuid) {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    let _ = sqlx::query(sql)
        .bind(id)
        .bind(panel.clock.now())
        .execute(&panel.order_db)
        .await
        .unwrap();
}

/// Confirmed when it was placed, and charged.
async fn confirmed(panel: &Panel, new: NewOrder<'_>) -> Seeded {
    let order = panel.order(new).await;
    run(
        panel,
        "UPDATE orders SET confirmed_at = placed_at WHERE id = $1 AND $2 IS NOT NULL",
        order.id.uuid(),
    )
    .await;
    order
}

async fn counted(panel: &Panel) {
    let app = AppState::new(&panel.settings, panel.clock.clone(), panel.random.clone()).unwrap();
    catch_up(&app, || false).await.unwrap();
}

#[tokio::test]
async fn an_empty_shop_needs_nobody() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let page = staff.page("/admin").await;
    assert_shows(
        &page,
        &[
            "Nothing needs you now",
            "Revenue 0.00 EUR nothing then either",
            "Orders 0 nothing then either",
            "Checkout conversion – no checkout yet",
            "New customers 0",
            "No order yet.",
            "Quiet so far.",
            "The past is still being read in",
            "Services unknown",
            "unknown the broker does not answer",
        ],
    );
    counted(&panel).await;
    panel.app.look_around().await;
    let page = staff.page("/admin?show=month&compare=no").await;
    assert_shows(
        &page,
        &[
            "Nothing needs you now",
            "Revenue of 30 days",
            "Alone 0.00 EUR",
            "admin ready",
            "auth ready",
            "notification ready",
            "Events to be told none waits",
            "Last reconciliation none yet",
        ],
    );
    assert_hides(&page, &["still being read in", "The 30 days before"]);
    assert!(page.len() < 60_000, "{}", page.len());
    assert_shows(
        &staff.page("/admin/inventory/cover").await,
        &["Enough of everything"],
    );
    assert_shows(
        &staff.page("/admin/mails?status=failed").await,
        &["No mail is failed", "All that was to be sent has left."],
    );
}

#[tokio::test]
async fn today_stands_beside_the_same_hours_of_a_week_ago() {
    let panel = Panel::open().await;
    let now = noon(&panel);
    let staff = panel.staff(Role::Support).await;
    let _ = panel.account(Role::Customer).await;
    let _ = confirmed(&panel, NewOrder::default()).await;
    let refunded = confirmed(
        &panel,
        NewOrder {
            price: 2000,
            refunded: 100,
            payment_status: "partially_refunded",
            placed_at: Some(now - 3 * HOUR),
            ..NewOrder::default()
        },
    )
    .await;
    let posting = "INSERT INTO ledger_entries (posting_id, order_id, payment_id, kind, account, amount, currency, at, reference)
         SELECT x.id, p.order_id, p.id, x.kind, l.account, l.sign * x.amount, 'EUR', $2, x.id::text
           FROM payments p, (VALUES (gen_random_uuid(), 'charge', 4690), (gen_random_uuid(), 'refund', 100)) AS x (id, kind, amount)
           JOIN (VALUES ('charge', 'stripe', 1), ('charge', 'sales', -1), ('refund', 'refunds', 1), ('refund', 'stripe', -1)) AS l (kind, account, sign) ON l.kind = x.kind
          WHERE p.id = $1";
    run(&panel, posting, refunded.payment).await;
    for payment_status in ["unpaid", "failed"] {
        let _ = panel
            .order(NewOrder {
                status: "pending",
                payment_status,
                ..NewOrder::default()
            })
            .await;
    }
    // Begun in those hours of the other day, and paid only on the next: it was no order then.
    let late = panel
        .order(NewOrder {
            price: 500,
            placed_at: Some(now - WEEK - 2 * HOUR),
            ..NewOrder::default()
        })
        .await;
    let paid = "UPDATE orders SET confirmed_at = placed_at + interval '1 day' WHERE id = $1 AND $2 IS NOT NULL";
    run(&panel, paid, late.id.uuid()).await;
    // A week ago: one before noon, which counts, and one after it, which does not; and one of the week before.
    for before in [WEEK + HOUR, WEEK - HOUR, WEEK + WEEK] {
        let _ = confirmed(
            &panel,
            NewOrder {
                price: 500,
                placed_at: Some(now - before),
                ..NewOrder::default()
            },
        )
        .await;
    }
    counted(&panel).await;
    panel.app.look_around().await;

    let answer = staff.get("/admin").expect(200).await;
    let page = answer.text();
    let weekday = now.date_time().weekday().to_string();
    assert_shows(
        &page,
        &[
            &format!("Today against last {weekday} by 12:00"),
            "Revenue 72.80 EUR ▲ 330.7 % more than 16.90 EUR",
            "Orders 2 ▲ 100.0 % more than 1",
            "Average order 36.90 EUR ▲ 118.3 % more than 16.90 EUR",
            "Checkout conversion 50.0 % as many as 50.0 %",
            "New customers 1 ▲ nothing then",
            "Revenue today",
            "Alone 72.80 EUR",
            "12:00 25.90 EUR 0.00 EUR",
            "11:00 0.00 EUR 16.90 EUR",
            "13:00 16.90 EUR",
            "WELCOME",
            "A product that is gone",
        ],
    );
    // Support may not look at queues.
    assert_hides(&page, &["Queues and events", "dead letter"]);
    let statements = answer.statement_count();
    assert!(statements <= 32, "{statements}");
    assert!(page.len() < 60_000, "{}", page.len());

    let week = staff.get("/admin?show=week").expect(200).await;
    assert_shows(
        &week.text(),
        &["Revenue of 7 days", "Alone 89.70 EUR", "The 7 days before"],
    );
    assert_eq!(week.statement_count(), statements + 1);
    assert!(week.text().contains("show=week&#38;compare=no"));
    let strange = staff.page("/admin?show=century&currency=XYZ").await;
    assert_shows(&strange, &["Revenue today", "Alone 72.80 EUR"]);
}

#[tokio::test]
async fn a_day_that_has_just_begun_is_not_compared() {
    let panel = Panel::open().await;
    let now = noon(&panel);
    panel.clock.advance(12 * HOUR - Duration::from_secs(120));
    let staff = panel.staff(Role::Support).await;
    let early = NewOrder {
        placed_at: Some(panel.clock.now() - Duration::from_secs(60)),
        ..NewOrder::default()
    };
    let _ = confirmed(&panel, early).await;
    assert!(panel.clock.now() > now);
    counted(&panel).await;
    let page = staff.page("/admin").await;
    assert_shows(
        &page,
        &[
            "Orders 1 the day has just begun",
            "Checkout conversion 100.0 % the day has just begun",
        ],
    );
    panel.clock.advance(Duration::from_secs(10 * 60));
    assert_shows(
        &staff.page("/admin").await,
        &["by 00:15", "Orders 1 ▲ nothing then"],
    );
}

#[tokio::test]
async fn what_sells_the_same_every_day_does_not_fall() {
    let panel = Panel::open().await;
    let now = noon(&panel);
    let staff = panel.staff(Role::Support).await;
    let lamp = panel.product("Lamp", "active", &[9]).await;
    let vase = panel.product("Vase", "active", &[9]).await;
    for day in 0..15 {
        let order = |price| NewOrder {
            price,
            placed_at: Some(now - day * DAY - HOUR),
            ..NewOrder::default()
        };
        // The lamp every day but not yet today; the vase no more since a week.
        let mut sold = Vec::new();
        if day > 0 {
            sold.push((lamp, order(9000)));
        }
        if day > 7 {
            sold.push((vase, order(1000)));
        }
        for (product, order) in sold {
            let order = confirmed(&panel, order).await;
            let sql = "UPDATE order_items SET product_id = $2 WHERE order_id = $1";
            let change = sqlx::query(sql).bind(order.id.uuid()).bind(product);
            change.execute(&panel.order_db).await.unwrap();
        }
    }
    counted(&panel).await;
    panel.app.look_around().await;
    let page = staff.page("/admin?show=week").await;
    let falling = page.split("id=\"falling\"").nth(1).unwrap();
    let falling = falling.split("</section>").next().unwrap();
    assert_shows(falling, &["Vase", "154.00 EUR less"]);
    assert_hides(falling, &["Lamp"]);
}

/// A row for everything that may wait.
async fn trouble(panel: &Panel) -> Uuid {
    let now = panel.clock.now();
    let _ = confirmed(panel, NewOrder::default()).await;
    let late = confirmed(
        panel,
        NewOrder {
            fulfillment_status: "partially_shipped",
            placed_at: Some(now - 3 * DAY),
            ..NewOrder::default()
        },
    )
    .await;
    let _ = panel
        .order(NewOrder {
            status: "pending",
            payment_status: "unpaid",
            placed_at: Some(now - 2 * DAY),
            ..NewOrder::default()
        })
        .await;
    let _ = panel
        .order(NewOrder {
            status: "pending",
            payment_status: "failed",
            ..NewOrder::default()
        })
        .await;
    for sql in [
        "UPDATE orders SET disputed = true WHERE id = $1 AND $2 IS NOT NULL",
        "INSERT INTO disputes (id, payment_id, provider_ref, status, state, reason, amount, evidence_due_at, opened_at, updated_at)
         SELECT p.order_id, p.id, 'dp_1', 'needs_response', 'open', 'fraudulent', 1, $2::timestamptz + interval '3 days 1 hour', $2, $2 FROM payments p WHERE p.order_id = $1",
        "INSERT INTO returns (id, order_id, position, status, actor, requested_at, updated_at) VALUES ($1, $1, 1, 'requested', 'guest', $2, $2)",
        "INSERT INTO returns (id, order_id, position, status, actor, requested_at, received_at, updated_at) VALUES (gen_random_uuid(), $1, 2, 'received', 'guest', $2, $2, $2)",
        "INSERT INTO saga_steps (order_id, step, subject, status, next_try_at, created_at, updated_at) VALUES ($1, 'stock.take', $1, 'failed', $2, $2, $2)",
        "INSERT INTO work_items (id, kind, subject, order_id, details, raised_at, last_seen_at)
         SELECT gen_random_uuid(), kind, 'x:' || kind, $1, '{}', $2::timestamptz - since, $2
           FROM (VALUES ('charge_unknown', interval '2 days'), ('charged_twice', '0'), ('charge_missing', '0'), ('refund_missing', '0')) AS k (kind, since)",
        "INSERT INTO work_items (id, kind, subject, details, raised_at, last_seen_at, status, resolution, resolved_by, resolved_at)
         SELECT $1, 'charge_missing', 'done', '{}', $2, $2, 'resolved', 'done', 'x', $2",
    ] {
        run(panel, sql, late.id.uuid()).await;
    }
    for (tries, outcome) in [
        (4, None),
        (9, Some("failed")),
        (1, None),
        (9, Some("applied")),
    ] {
        let _ = panel.provider_told(tries, outcome, None).await;
    }
    let _ = panel.product("Waits", "pending_review", &[9]).await;
    let low = panel.product("Low", "active", &[2, 100]).await;
    let _ = panel.product("Low but a draft", "draft", &[2]).await;
    let sold = "INSERT INTO stock_movements (id, variant_id, location_id, kind, on_hand_delta, reserved_delta, order_id, created_at)
         SELECT gen_random_uuid(), v.id, l.location_id, 'sell', -30, 0, gen_random_uuid(), $2::timestamptz - interval '1 day'
           FROM product_variants v JOIN stock_levels l ON l.variant_id = v.id WHERE v.product_id = $1";
    let review = "INSERT INTO reviews (id, product_id, user_id, author_name, rating, title, body, status, created_at, updated_at)
         VALUES ($1, $1, $1, 'Anna', 5, 'Good', 'Good', 'pending', $2, $2)";
    for sql in [sold, review] {
        let _ = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
            .bind(low)
            .bind(now)
            .execute(&panel.product_db)
            .await
            .unwrap();
    }
    let id = panel.id();
    for sql in [
        "INSERT INTO threads (id, kind, user_id, subject, last_message_at, last_from, last_text, created_at, updated_at) VALUES ($1, 'support', $1, 'Help', $2, 'user', 'x', $2, $2)",
        "INSERT INTO webhook_endpoints (id, url, event_types, secret, created_at, updated_at) VALUES ($1, 'https://a.example', '{order.paid}', 'x', $2, $2)",
        "INSERT INTO webhook_endpoints (id, url, event_types, secret, created_at, updated_at, disabled_at, disabled_because) VALUES (gen_random_uuid(), 'https://b.example', '{order.paid}', 'x', $2, $2, $2, 'failing')",
        "INSERT INTO webhook_messages (id, type, subject, occurred_at, data, created_at) SELECT $1, 'order.paid', 'order:1', $2, '{}', $2",
        "INSERT INTO webhook_deliveries (id, endpoint_id, message_id, status, next_try_at, created_at) VALUES ($1, $1, $1, 'failed', $2, $2)",
        "INSERT INTO notification.mails (id, recipient, template, subject, status, next_attempt_at, created_at, failed_at)
         SELECT gen_random_uuid(), 'nobody@example.com', 'order_shipped', '<b>On its way</b>', 'failed', $2, $2, $2 WHERE $1 IS NOT NULL",
    ] {
        let pool = panel.admin.pool_as("postgres").await;
        let _ = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
            .bind(id)
            .bind(now)
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
    }
    id
}

/// The list that a line leads to.
async fn followed(staff: &Staff, page: &str, words: &str) -> String {
    let items = page.split("<li><a class=\"need").skip(1);
    let mut found = items.filter(|item| text(&format!("<{item}")).contains(words));
    let href = found.next().unwrap().split_once("href=\"").unwrap().1;
    let href = href.split_once('"').unwrap().0;
    let href = href.replace("&#38;", "&").replace("&amp;", "&");
    staff.page(&href).await
}

/// How many rows the list has that a line leads to.
async fn listed(staff: &Staff, page: &str, words: &str) -> usize {
    let list = followed(staff, page, words).await;
    let body = list.split("<tbody>").last().unwrap();
    body.split("</tbody>")
        .next()
        .unwrap()
        .matches("<tr")
        .count()
}

#[tokio::test]
async fn what_waits_is_counted_and_leads_to_its_list() {
    let panel = Panel::open().await;
    let _ = noon(&panel);
    let staff = panel.staff(Role::Admin).await;
    let endpoint = trouble(&panel).await;
    counted(&panel).await;
    panel.app.look_around().await;
    let page = staff.page("/admin").await;
    assert_hides(&page, &["Nothing needs you now"]);
    assert_shows(
        &page,
        &[
            "1 late order not shipped for 2 days",
            "1 order to ship",
            "1 order shipped in part",
            "1 return to decide",
            "1 return to refund what was sent back is here",
            "1 dispute to answer the first within 3 days",
            "1 unpaid order for more than 24 h",
            "1 declined payment",
            "2 payments without an order 1 overdue",
            "1 order without a payment",
            "1 other open work item",
            "1 order is stuck half-way",
            "2 payment events are not applied",
            "1 conversation to answer",
            "1 product to approve",
            "1 review to moderate",
            "1 variant is sold out soon the first tomorrow",
            "1 product below its mark",
            "1 mail could not be sent",
            "1 webhook was not taken",
            "1 webhook endpoint was switched off",
        ],
    );
    assert!(page.contains(&format!("/admin/webhooks/{endpoint}?status=failed")));
    for (words, rows) in [
        ("late order", 1),
        ("order to ship", 1),
        ("shipped in part", 1),
        ("return to decide", 1),
        ("return to refund", 1),
        ("dispute to answer", 1),
        ("unpaid order", 1),
        ("declined payment", 1),
        ("sold out soon", 1),
        ("could not be sent", 1),
        ("was not taken", 1),
        ("payments without an order", 2),
        ("order without a payment", 1),
        ("other open work item", 1),
        ("payment events are not", 2),
        ("stuck half-way", 1),
        ("conversation to answer", 1),
    ] {
        assert_eq!(listed(&staff, &page, words).await, rows, "{words}");
    }
    for (words, shown) in [
        ("stuck half-way", "Take the units from stock"),
        ("conversation to answer", ">Help</a>"),
        ("product to approve", ">Waits</a>"),
        ("review to moderate", ">Low</a>"),
        ("product below its mark", ">Low</a>"),
        ("was switched off", ">https://b.example</a>"),
    ] {
        let list = followed(&staff, &page, words).await;
        assert!(list.contains(shown), "{words}: no {shown} in {list}");
    }
    let low = followed(&staff, &page, "product below its mark").await;
    for other in [">Waits</a>", ">Low but a draft</a>"] {
        assert!(
            !low.contains(other),
            "{other} is not low and on sale: {low}"
        );
    }
    let cover = staff.page("/admin/inventory/cover").await;
    assert_shows(&cover, &["Low", "1 day", "Sold in 30 days"]);
    let mails = staff.page("/admin/mails?status=failed").await;
    assert!(mails.contains("&#60;b&#62;On its way"), "{mails}");
    assert_shows(&mails, &["nobody@example.com", "order shipped"]);

    // Support sees what support may see to.
    let support = panel.staff(Role::Support).await;
    let page = support.page("/admin").await;
    assert_shows(
        &page,
        &[
            "1 late order",
            "2 payments without an order",
            "1 conversation to answer",
            "1 review to moderate",
            "1 mail could not be sent",
            "2 payment events are not applied",
        ],
    );
    assert_hides(
        &page,
        &[
            "product to approve",
            "webhook",
            "sold out soon",
            "below its mark",
            "Last reconciliation",
        ],
    );
}

#[tokio::test]
async fn the_system_is_shown_as_it_says_it_is() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let now = panel.clock.now();
    let _ = panel.peer.world().unready.insert("product".to_owned());
    sqlx::query("INSERT INTO outbox (id, aggregate, event_type, envelope, created_at) VALUES (gen_random_uuid(), 'order:1', 'order.placed', '{}', $1)")
        .bind(now - 2 * HOUR)
        .execute(&panel.order_db)
        .await
        .unwrap();
    run(
        &panel,
        "INSERT INTO reconciliations (id, kind, status, from_at, until_at, position_at, started_at, heartbeat_at, finished_at, healed, raised)
         VALUES ($1, 'window', 'done', $2, $2, $2, $2, $2, $2, 3, 1)",
        panel.id(),
    )
    .await;
    panel.app.look_around().await;
    assert_shows(
        &staff.page("/admin").await,
        &[
            "product not ready (database)",
            "order ready",
            "Events to be told behind order: 1 for 2 h",
            "3 healed, 1 raised",
        ],
    );
    // What was seen long ago says nothing.
    panel.clock.advance(Duration::from_secs(31));
    assert_shows(
        &staff.page("/admin").await,
        &["Services unknown", "Events to be told unknown"],
    );
}

/// A broker's management API that says what stands in the value: of the queues of the virtual host `/`. Of all else there is nothing.
async fn management(queues: &Arc<Mutex<Value>>) -> Served {
    let queues = Arc::clone(queues);
    let answer = move || {
        let queues = queues.lock().unwrap().clone();
        std::future::ready(axum::Json(queues))
    };
    let nothing = || get(async || axum::Json(json!([])));
    let routes = axum::Router::new()
        .route("/api/queues/{vhost}", get(answer))
        .route("/api/overview", get(async || axum::Json(json!({}))))
        .route("/api/nodes", nothing())
        .route("/api/exchanges/{vhost}", nothing())
        .route("/api/consumers/{vhost}", nothing());
    testkit::serve(routes).await
}

#[tokio::test]
async fn dead_letters_need_somebody_and_the_depths_of_queues_are_shown() {
    let queue = |name: &str, messages: i64, consumers: i64| json!({"name": name, "messages": messages, "consumers": consumers});
    let queues = Arc::new(Mutex::new(json!([
        queue("order.created.admin", 0, 1),
        queue("order.created.admin.dead", 0, 0),
        queue("stock.low.admin", 0, 0),
    ])));
    let broker = management(&queues).await;
    let panel = Panel::with_brokers("amqp://127.0.0.1:1", &broker.url()).await;
    let (admin, support) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Support).await,
    );
    panel.app.look_around().await;
    assert_shows(
        &admin.page("/admin").await,
        &["Nothing needs you now", "Queues all empty 2 queues"],
    );

    *queues.lock().unwrap() = json!([
        queue("order.created.admin", 7, 1),
        queue("order.created.admin.dead", 1, 0),
        queue("stock.low.admin", 1200, 0),
        queue("stock.low.admin.dead", 0, 0),
        // Read by nobody, for its messages go back by themselves.
        queue("stock.low.admin.retry.60", 3, 0),
    ]);
    assert_hides(
        &admin.page("/admin").await,
        &["dead letter messages that nobody could apply"],
    );
    panel.app.look_around().await;
    let page = admin.page("/admin").await;
    assert_shows(
        &page,
        &[
            "1 dead letter messages that nobody could apply",
            "Queues 1 without a reader 1,210 wait in 3 queues, most in stock.low.admin (1,200)",
        ],
    );
    assert_hides(&page, &["Nothing needs you now"]);
    assert!(
        page.contains("<a class=\"need bad\" href=\"/admin/events/dead-letters\">"),
        "it leads elsewhere: {page}"
    );
    // Support may not look at queues.
    assert_hides(
        &support.page("/admin").await,
        &["dead letter", "without a reader", "stock.low.admin"],
    );

    *queues.lock().unwrap() = json!([
        queue("a", 1, 1),
        queue("b", 0, 1),
        queue("a.dead", 2, 0),
        queue("b.dead", 1, 0),
    ]);
    panel.app.look_around().await;
    assert_shows(
        &admin.page("/admin").await,
        &[
            "3 dead letters messages that nobody could apply",
            "Queues 1 wait in 2 queues, most in a (1)",
        ],
    );

    // Of what the broker does not say, nothing is said.
    *queues.lock().unwrap() = json!("no");
    panel.app.look_around().await;
    let page = admin.page("/admin").await;
    assert_shows(
        &page,
        &[
            "Nothing needs you now",
            "unknown the broker does not answer",
        ],
    );
}

/// Reads a stream until it says something.
async fn until(stream: &mut reqwest::Response, words: &str) {
    let mut said = String::new();
    while !said.contains(words) {
        let chunk = tokio::time::timeout(Duration::from_secs(30), stream.chunk()).await;
        let Some(chunk) = chunk.unwrap().unwrap() else {
            panic!("it ended without {words}: {said}");
        };
        said.push_str(std::str::from_utf8(&chunk).unwrap());
    }
}

#[tokio::test]
async fn news_are_told_until_the_session_ends() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let stop = CancellationToken::new();
    let listening = tokio::spawn(panel.app.follow_panel(stop.clone()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let follow = async || {
        let stream = client
            .get(format!("{}/admin/live", panel.url))
            .header("cookie", &staff.cookie)
            .header("accept", "text/event-stream");
        stream.send().await.unwrap()
    };
    let mut stream = follow().await;
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["x-accel-buffering"], "no");
    until(&mut stream, "here").await;
    sqlx::query("INSERT INTO notifications (id, at, kind, subject, message) VALUES ($1, $2, 'x', 'x:1', 'News')")
        .bind(panel.id())
        .bind(panel.clock.now())
        .execute(&panel.admin_db)
        .await
        .unwrap();
    until(&mut stream, "event: news").await;
    let page = staff.page("/admin").await;
    assert!(page.contains("data-live=\"/admin/live\""));
    assert_shows(&page, &["News"]);

    sqlx::query("UPDATE sessions SET revoked_at = $1, revoked_why = 'logout'")
        .bind(panel.clock.now())
        .execute(&panel.auth_db)
        .await
        .unwrap();
    sqlx::query("UPDATE analytics_state SET epoch = epoch + 1")
        .execute(&panel.admin_db)
        .await
        .unwrap();
    until(&mut stream, "event: end").await;
    assert!(stream.chunk().await.unwrap().is_none());
    // Whoever is not signed in gets no stream, but the sign-in page.
    let refused = client
        .get(format!("{}/admin/live", panel.url))
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    assert_ne!(refused.headers()["content-type"], "text/event-stream");
    stop.cancel();
    listening.await.unwrap();
}

#[tokio::test]
async fn streams_are_bounded_and_keep_no_session_alive() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let follow = async || {
        let stream = client
            .get(format!("{}/admin/live", panel.url))
            .header("cookie", &staff.cookie)
            .header("accept", "text/event-stream");
        stream.send().await.unwrap()
    };
    let mut streams = Vec::new();
    for _ in 0..panel.settings.panel_followers {
        let stream = follow().await;
        assert_eq!(stream.status(), 200);
        streams.push(stream);
    }
    assert_eq!(follow().await.status(), 503);
    drop(streams);

    let redis = redis::Client::open(testkit::env::var("REDIS_URL")).unwrap();
    let mut redis = redis.get_multiplexed_async_connection().await.unwrap();
    let key = crate::sessions::redis_key(&staff);
    let left = async |redis: &mut redis::aio::MultiplexedConnection| -> i64 {
        redis::cmd("TTL")
            .arg(&key)
            .query_async(redis)
            .await
            .unwrap()
    };
    let _: () = redis::cmd("EXPIRE")
        .arg(&key)
        .arg(100)
        .query_async(&mut redis)
        .await
        .unwrap();
    let _ = staff.get("/admin").header("x-live", "1").expect(200).await;
    assert!(left(&mut redis).await <= 100, "a page that asks by itself");
    let _ = staff.get("/admin").expect(200).await;
    assert!(left(&mut redis).await > 1000, "somebody who asks");
}
