//! The sellers of the panel.

use auth_token::Role;

use crate::html::{assert_hides, assert_shows};
use crate::panel::Panel;

#[tokio::test]
async fn sellers_show_what_they_offer_and_sold() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let support = panel.staff(Role::Support).await;
    assert_shows(
        &support.page("/admin/sellers").await,
        &["Nobody sells here yet"],
    );
    let seller = panel.account(Role::Seller).await;
    let path = format!("/admin/sellers/{}", seller.id);
    assert_shows(
        &support.page(&path).await,
        &["Nothing offered yet", "No conversations"],
    );

    for (title, status) in [
        ("Lamp", "active"),
        ("Desk", "active"),
        ("<i>Rug</i>", "pending_review"),
    ] {
        let product = panel.product(title, status, &[5]).await;
        sqlx::query("UPDATE products SET seller_id = $2, rating_sum = 9, rating_count = 2, sold_count = 7 WHERE id = $1")
            .bind(product)
            .bind(seller.id.uuid())
            .execute(&panel.product_db)
            .await
            .unwrap();
    }
    let today = panel.clock.now().date_time().date();
    for (grain, period) in [("day", today), ("month", today.replace_day(1).unwrap())] {
        for (report, key) in [("all", String::new()), ("seller", seller.id.to_string())] {
            sqlx::query(
                "INSERT INTO sales_rollups (report, currency, grain, period, key, orders, cancelled, units, gross, discounts, shipping, tax, total, refunds,
                                            released, charged_back, tax_back)
                 VALUES ($1, 'EUR', $2, $3, $4, 3, 0, 4, 8000, 0, 0, 0, 8000, 2000, 0, 0, 0)",
            )
            .bind(report)
            .bind(grain)
            .bind(period)
            .bind(key)
            .execute(&panel.admin_db)
            .await
            .unwrap();
        }
    }
    let list = support.page("/admin/sellers").await;
    assert_shows(&list, &["Somebody in seller", "2 1 4 60.00 EUR 25.0 % 4.5"]);
    assert_hides(&list, &["Make somebody a seller"]);
    assert_shows(
        &admin.page("/admin/sellers").await,
        &["Make somebody a seller"],
    );
    assert_shows(
        &support.page("/admin/sellers?q=nobody").await,
        &["No seller matches"],
    );

    let page = admin.page(&path).await;
    assert_shows(
        &page,
        &[
            "60.00 EUR Net sales in 30 days",
            "4 Units sold in 3 orders",
            "25.0 %",
            "2 Products live",
            "1 In approval",
            "4.5 ★",
            "Lamp active 7 4.5 ★",
            "2 live products stay",
        ],
    );
    assert!(page.contains("&#60;i&#62;Rug") && !page.contains("<i>Rug"));
    assert!(page.contains("svg class=\"chart\""));
    let page = support.page(&path).await;
    assert_hides(&page, &["Take the role away"]);
    assert_shows(
        &support
            .page(&format!("/admin/customers/{}", seller.id))
            .await,
        &["As a seller"],
    );

    // Their products outlive the role.
    sqlx::query("UPDATE users SET role = 'customer' WHERE id = $1")
        .bind(seller.id.uuid())
        .execute(&panel.auth_db)
        .await
        .unwrap();
    assert_shows(
        &admin.page(&path).await,
        &[
            "no seller's any more",
            "2 products are live still",
            "Give the role back",
        ],
    );
    let customer = panel.account(Role::Customer).await;
    let none = format!("/admin/sellers/{}", customer.id);
    let _ = admin.get(&none).expect(404).await;
}
