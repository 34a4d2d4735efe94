//! What is counted is what the orders say, whatever way the news of them took.

use std::time::Duration;

use admin::AppState;
use admin::analytics::{Verdict, catch_up, rebuild};
use auth_token::Role;
use contracts::events::{OrderConfirmed, OrderRefunded, ProductUpdated};
use primitives::{Currency, Money};
use testkit::broker::Vhost;
use testkit::eventually;
use uuid::Uuid;

use crate::events::{Running, envelope, publish};
use crate::html::{assert_hides, assert_shows, text};
use crate::panel::Panel;
use crate::shop::Shop;

fn app(panel: &Panel) -> AppState {
    AppState::new(&panel.settings, panel.clock.clone(), panel.random.clone()).unwrap()
}

/// As the handler of an event does.
async fn tell(panel: &Panel, (kind, id): (&str, Uuid)) {
    sqlx::query(
        "INSERT INTO analytics_pending AS p (kind, id, since) VALUES ($1, $2, $3)
         ON CONFLICT (kind, id) DO UPDATE SET mark = p.mark + 1",
    )
    .bind(kind)
    .bind(id)
    .bind(panel.clock.now())
    .execute(&panel.admin_db)
    .await
    .unwrap();
}

async fn check(app: &AppState) -> (Verdict, Vec<String>) {
    let mut told = Vec::new();
    let verdict = rebuild(app, false, Duration::ZERO, |line| {
        told.push(line.to_owned())
    })
    .await
    .unwrap();
    (verdict, told)
}

/// All sums as text.
async fn sums(panel: &Panel) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT r::text FROM sales_rollups r UNION ALL SELECT c::text FROM cohort_rollups c UNION ALL SELECT o::text FROM analytics_orders o
         UNION ALL SELECT p::text FROM analytics_products p ORDER BY 1",
    )
    .fetch_all(&panel.admin_db)
    .await
    .unwrap()
}

#[tokio::test]
async fn numbers_are_those_of_the_orders_whatever_way_the_news_took() {
    let panel = Panel::open().await;
    let app = app(&panel);
    for seed in 1..=4 {
        let mut shop = Shop::open(&panel, seed).await;
        let mut news = Vec::new();
        for _ in 0..120 {
            let event = shop.step().await;
            // Told once, twice or thrice, and in any order.
            for _ in 0..=shop.dice.roll(3) {
                let at = shop.dice.roll(news.len() as i64 + 1) as usize;
                news.insert(at, event);
            }
            while shop.dice.roll(3) > 0
                && let Some(event) = news.pop()
            {
                tell(&panel, event).await;
            }
            if shop.dice.roll(6) == 0 {
                catch_up(&app, || false).await.unwrap();
            }
        }
        for event in news {
            tell(&panel, event).await;
        }
        catch_up(&app, || false).await.unwrap();
        let (verdict, told) = check(&app).await;
        assert!(
            verdict.is_equal(),
            "seed {seed}: {verdict}\n{}",
            told.join("\n")
        );
        assert!(verdict.orders > 20, "{verdict}");
    }

    // Reading in all orders from nothing makes the very same rows.
    let counted = sums(&panel).await;
    assert!(counted.len() > 500, "{}", counted.len());
    sqlx::query("TRUNCATE sales_rollups, cohort_rollups, analytics_orders, analytics_products")
        .execute(&panel.admin_db)
        .await
        .unwrap();
    let (verdict, _) = check(&app).await;
    assert!(!verdict.is_equal());
    sqlx::query("UPDATE analytics_state SET filled_until = '00000000-0000-0000-0000-000000000000'")
        .execute(&panel.admin_db)
        .await
        .unwrap();
    catch_up(&app, || false).await.unwrap();
    assert_eq!(sums(&panel).await, counted);

    // And so does the command, which afterwards finds nothing more to do.
    sqlx::query("TRUNCATE sales_rollups, cohort_rollups, analytics_orders, analytics_products")
        .execute(&panel.admin_db)
        .await
        .unwrap();
    let verdict = rebuild(&app, true, Duration::ZERO, |_| {}).await.unwrap();
    assert!(verdict.wrong_orders > 50, "{verdict}");
    assert_eq!(sums(&panel).await, counted);
    let verdict = rebuild(&app, true, Duration::ZERO, |_| {}).await.unwrap();
    assert!(verdict.is_equal(), "{verdict}");
}

#[tokio::test]
async fn every_difference_is_told_and_put_right() {
    let panel = Panel::open().await;
    let app = app(&panel);
    let mut shop = Shop::open(&panel, 7).await;
    for _ in 0..80 {
        let _ = shop.step().await;
    }
    catch_up(&app, || false).await.unwrap();
    let counted = sums(&panel).await;
    let break_it = [
        "UPDATE sales_rollups SET total = total + 1 WHERE report = 'all' AND grain = 'day' AND period = (SELECT min(period) FROM sales_rollups WHERE grain = 'day')",
        "DELETE FROM sales_rollups WHERE report = 'country' AND grain = 'month'",
        "INSERT INTO sales_rollups SELECT report, currency, grain, period, 'nobody', orders, cancelled, units, gross, discounts, shipping, tax, total, refunds, released, charged_back, tax_back
           FROM sales_rollups WHERE report = 'seller' LIMIT 1",
        "UPDATE cohort_rollups SET customers = customers + 1",
        "UPDATE analytics_products SET category_id = NULL WHERE category_id IS NOT NULL",
        "UPDATE analytics_orders SET facts = jsonb_set(facts, '{1,0,3,0}', '5') WHERE order_id = (SELECT max(order_id::text)::uuid FROM analytics_orders)",
        "DELETE FROM analytics_orders WHERE order_id = (SELECT min(order_id::text)::uuid FROM analytics_orders)",
        "UPDATE analytics_orders SET customer = NULL WHERE customer IS NOT NULL",
    ];
    for breakage in break_it {
        sqlx::query(breakage)
            .execute(&panel.admin_db)
            .await
            .unwrap();
        let (verdict, told) = check(&app).await;
        assert!(
            !verdict.is_equal() && !told.is_empty(),
            "{breakage}: {verdict}"
        );
        let mended = rebuild(&app, true, Duration::ZERO, |_| {}).await.unwrap();
        assert!(!mended.is_equal(), "{breakage}");
        let (verdict, told) = check(&app).await;
        assert!(verdict.is_equal(), "{breakage}: {}", told.join("\n"));
        assert_eq!(sums(&panel).await, counted, "{breakage}");
    }
    // An order of which no news came.
    while !matches!(shop.step().await, ("order", _)) {}
}

#[tokio::test]
async fn who_reads_before_another_one_writes_throws_its_work_away() {
    let panel = Panel::open().await;
    let app = app(&panel);
    let mut shop = Shop::open(&panel, 9).await;
    for _ in 0..60 {
        let event = shop.step().await;
        tell(&panel, event).await;
        // Several panels count at once.
        let done = tokio::join!(
            catch_up(&app, || false),
            catch_up(&app, || false),
            catch_up(&app, || false)
        );
        for done in [done.0, done.1, done.2] {
            done.unwrap();
        }
    }
    let (verdict, told) = check(&app).await;
    assert!(verdict.is_equal(), "{}", told.join("\n"));
}

#[tokio::test]
async fn the_days_are_those_of_the_shop() {
    let mut panel = Panel::open().await;
    let app = app(&panel);
    let mut shop = Shop::open(&panel, 3).await;
    for _ in 0..60 {
        let _ = shop.step().await;
    }
    drop(shop);
    catch_up(&app, || false).await.unwrap();
    let utc = sums(&panel).await;
    panel.settings.time_zone = "Pacific/Auckland".to_owned();
    let there = AppState::new(&panel.settings, panel.clock.clone(), panel.random.clone()).unwrap();
    assert!(
        rebuild(&there, false, Duration::ZERO, |_| {})
            .await
            .is_err(),
        "other days cannot be compared"
    );
    catch_up(&there, || false).await.unwrap();
    let (verdict, told) = check(&there).await;
    assert!(verdict.is_equal(), "{}", told.join("\n"));
    assert_ne!(sums(&panel).await, utc);
}

#[tokio::test]
async fn pages_show_what_is_counted() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    for tab in [
        "sales",
        "products",
        "categories",
        "sellers",
        "coupons",
        "countries",
        "taxes",
        "stock",
        "customers",
    ] {
        let page = staff.page(&format!("/admin/analytics/{tab}")).await;
        assert_shows(&page, &["still being read in", "No numbers in these days"]);
    }
    let app = app(&panel);
    let mut shop = Shop::open(&panel, 5).await;
    for _ in 0..200 {
        let _ = shop.step().await;
    }
    drop(shop);
    catch_up(&app, || false).await.unwrap();
    for tab in [
        "sales",
        "products",
        "categories",
        "sellers",
        "coupons",
        "countries",
        "taxes",
        "stock",
        "customers",
    ] {
        for query in [
            "range=12m",
            "range=12m&compare=no&currency=USD",
            "range=90&sort=units",
            "range=custom&from=2020-01-01&by=week&sort=falling",
            "range=7&sort=rising&show=revenue",
            "show=orders",
        ] {
            let page = staff.page(&format!("/admin/analytics/{tab}?{query}")).await;
            assert!(page.len() < 60_000, "{tab}?{query}: {} bytes", page.len());
            assert!(!page.contains("style="), "{tab}");
            let csv = staff
                .page(&format!("/admin/analytics/{tab}.csv?{query}"))
                .await;
            // What the page shows is what the file has.
            let body = page
                .split("<tbody>")
                .last()
                .unwrap()
                .split("</tbody>")
                .next()
                .unwrap();
            let rows = if page.contains("No numbers in these days") {
                0
            } else {
                body.matches("<tr>").count()
            };
            let total = usize::from(page.contains("<tr class=\"total\">"));
            assert_eq!(
                csv.lines().count(),
                1 + rows + total,
                "{tab}?{query}\n{csv}"
            );
        }
    }
    let page = staff.page("/admin/analytics/sales?range=12m").await;
    assert_shows(
        &page,
        &[
            "Net sales",
            "All that happened before",
            "Days in UTC",
            "compared with",
        ],
    );
    let (shown, counted): (String, i64) = sqlx::query_as(
        "SELECT sum(orders)::text, sum(orders)::bigint FROM sales_rollups WHERE report = 'all' AND grain = 'month' AND currency = 'EUR' AND period > now() - interval '12 months'",
    )
    .fetch_one(&panel.admin_db)
    .await
    .unwrap();
    assert!(counted > 0);
    assert_shows(&page, &[&format!("All {shown} ")]);
    let products = staff.page("/admin/analytics/products?range=12m").await;
    assert_shows(&products, &["Lamp", "Net sales by product"]);
    assert_shows(
        &staff.page("/admin/analytics/taxes?range=12m").await,
        &["DE, VAT 19 %", "without tax"],
    );
    assert_shows(
        &staff.page("/admin/analytics/stock").await,
        &["Value in stock", "by their price", "Lighting"],
    );
    assert_shows(
        &staff.page("/admin/analytics/categories?range=12m").await,
        &["No category"],
    );
    assert_hides(&page, &["NaN"]);
    let _ = staff.get("/admin/analytics/nothing").expect(404).await;
    let refused = staff
        .get("/admin/analytics/sales?range=custom&from=2026-02-31")
        .expect(422)
        .await;
    assert!(text(&refused.text()).contains("A day looks like"));
    let _ = staff
        .get("/admin/analytics/products?cursor=x")
        .expect(422)
        .await;
}

#[tokio::test]
async fn names_are_escaped_and_formulas_are_text() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let order = panel.order(crate::seed::NewOrder::default()).await;
    let product = panel.product("=<b>SUM</b>(1)", "active", &[1]).await;
    sqlx::query("UPDATE order_items SET product_id = $1 WHERE order_id = $2")
        .bind(product)
        .bind(order.id.uuid())
        .execute(&panel.order_db)
        .await
        .unwrap();
    sqlx::query("UPDATE orders SET confirmed_at = placed_at WHERE id = $1")
        .bind(order.id.uuid())
        .execute(&panel.order_db)
        .await
        .unwrap();
    catch_up(&app(&panel), || false).await.unwrap();
    let page = staff.page("/admin/analytics/products").await;
    assert!(
        !page.contains("<b>SUM")
            && page.contains("=&#60;b&#62;SUM")
            && page.contains("=&lt;b&gt;SUM"),
        "{page}"
    );
    let csv = staff.page("/admin/analytics/products.csv").await;
    assert!(
        csv.contains("'=<b>SUM</b>(1),22.00,100.0,0.00,1,2,20.00,1.00,3.00,22.00,0.00"),
        "{csv}"
    );
}

#[tokio::test]
async fn events_from_the_broker_are_counted_soon() {
    let vhost = Vhost::create().await.unwrap();
    let panel = Panel::with_broker(vhost.amqp_url()).await;
    let staff = panel.staff(Role::Admin).await;
    let running = Running::start(&panel).await;
    let as_of = async || -> Option<time::OffsetDateTime> {
        sqlx::query_scalar("SELECT as_of FROM analytics_state WHERE filled_until IS NULL")
            .fetch_optional(&panel.admin_db)
            .await
            .unwrap()
            .flatten()
    };
    eventually("nothing is left to read in", async || as_of().await).await;

    let order = panel.order(crate::seed::NewOrder::default()).await;
    sqlx::query("UPDATE orders SET confirmed_at = placed_at WHERE id = $1")
        .bind(order.id.uuid())
        .execute(&panel.order_db)
        .await
        .unwrap();
    let money = Money::new(2690, Currency::EUR);
    let refunded = OrderRefunded {
        order_id: order.id,
        number: order.number.clone(),
        amount: money,
        fully: true,
    };
    // The news of a refund before that of the order, and a product that was never sold.
    publish(&vhost, &envelope(&panel, refunded)).await;
    let confirmed = OrderConfirmed {
        order_id: order.id,
        number: order.number,
        user_id: None,
        email: "anna@example.com".parse().unwrap(),
        lines: vec![],
        total: money,
        payment_id: None,
    };
    let confirmed = envelope(&panel, confirmed);
    for _ in 0..3 {
        publish(&vhost, &confirmed).await;
    }
    let product = ProductUpdated {
        product_id: panel.id().into(),
        title: "Lamp".to_owned(),
        seller_id: panel.id().into(),
        status: "active".to_owned(),
        version: 2,
    };
    publish(&vhost, &envelope(&panel, product)).await;
    eventually("the order is counted", async || {
        let counted: i64 = sqlx::query_scalar("SELECT count(*) FROM analytics_orders")
            .fetch_one(&panel.admin_db)
            .await
            .unwrap();
        let pending: i64 = sqlx::query_scalar("SELECT count(*) FROM analytics_pending")
            .fetch_one(&panel.admin_db)
            .await
            .unwrap();
        (counted == 1 && pending == 0).then_some(())
    })
    .await;
    assert_shows(
        &staff.page("/admin/analytics").await,
        &["Orders 1 nothing before", "Net sales 26.90 EUR"],
    );
    running.stop().await;
    let (verdict, told) = check(&app(&panel)).await;
    assert!(verdict.is_equal(), "{}", told.join("\n"));
}

#[tokio::test]
async fn what_order_has_not_told_yet_holds_the_time_back() {
    let panel = Panel::open().await;
    let app = app(&panel);
    catch_up(&app, || false).await.unwrap();
    let as_of = async || -> time::OffsetDateTime {
        sqlx::query_scalar("SELECT as_of FROM analytics_state")
            .fetch_one(&panel.admin_db)
            .await
            .unwrap()
    };
    assert_eq!(as_of().await, panel.clock.now().date_time());
    let told = panel.clock.now().date_time() - time::Duration::hours(1);
    sqlx::query("INSERT INTO outbox (id, aggregate, event_type, envelope, created_at) VALUES ($1, 'order:1', 'order.confirmed', '{}', $2)")
        .bind(panel.id())
        .bind(told)
        .execute(&panel.order_db)
        .await
        .unwrap();
    catch_up(&app, || false).await.unwrap();
    assert_eq!(as_of().await, told);
}
