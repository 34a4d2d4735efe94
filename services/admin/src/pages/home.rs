use askama::Template;
use axum::extract::State;
use axum::response::Html;

use super::shell::Shell;
use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::read::orders::{OrderFilter, OrderRow, Sales};
use crate::read::{self, snapshot};
use crate::session::Session;
use crate::store;
use crate::store::notifications::Notification;

#[derive(Template)]
#[template(path = "home.html")]
struct Page {
    shell: Shell,
    sales: Sales,
    customers: i64,
    orders: Vec<OrderRow>,
    todo: Vec<Todo>,
    news: Vec<Notification>,
}

/// Something that waits for staff, and where to do it.
struct Todo {
    label: &'static str,
    href: Option<&'static str>,
    count: i64,
}

pub(super) async fn page(State(app): State<AppState>, session: Session) -> Result<Html<String>> {
    let now = app.clock.now();
    let orders = async {
        let mut db = snapshot(&app.order_db).await?;
        let sales = read::orders::sales(&mut db, now).await?;
        let latest = read::orders::list(&mut db, &OrderFilter::default(), None, 10).await?;
        let waiting = read::orders::waiting(&mut db).await?;
        sqlx::Result::Ok((sales, latest, waiting))
    };
    let products = async { read::products::waiting(&mut *snapshot(&app.product_db).await?).await };
    let customers =
        async { read::users::opened_today(&mut *snapshot(&app.auth_db).await?, now).await };
    let news = async { store::notifications::latest(&mut *app.pool.acquire().await?, 8).await };
    let dead_letters = async { Ok(app.broker.dead_letters().await) };
    let ((sales, latest, orders), products, customers, news, dead_letters) =
        tokio::try_join!(orders, products, customers, news, dead_letters)?;

    let todo = |label, href, count| Todo { label, href, count };
    let mut todo = vec![
        todo(
            "Orders to ship",
            Some("/admin/orders?status=confirmed&fulfillment_status=unfulfilled"),
            orders.to_ship,
        ),
        todo(
            "Orders shipped in part",
            Some("/admin/orders?status=confirmed&fulfillment_status=partially_shipped"),
            orders.to_finish,
        ),
        todo(
            "Products to approve",
            Some("/admin/products?status=pending_review"),
            products.to_approve,
        ),
        todo(
            "Variants low in stock",
            Some("/admin/products?status=active&stock=low"),
            products.low_stock,
        ),
        todo(
            "Declined payments",
            Some("/admin/orders?status=pending&payment_status=failed"),
            orders.payments_failed,
        ),
        todo(
            "Refunds that do not get through",
            None,
            orders.refunds_stuck,
        ),
        todo(
            "Webhooks that cannot be applied",
            None,
            orders.webhooks_stuck,
        ),
        todo(
            "Dead letters at the broker",
            None,
            dead_letters.unwrap_or(0),
        ),
        todo(
            "The broker does not answer",
            None,
            i64::from(dead_letters.is_none()),
        ),
    ];
    todo.retain(|item| item.count > 0);
    let page = Page {
        shell: Shell::new(&session, "/admin", None),
        sales,
        customers,
        orders: latest,
        todo,
        news,
    };
    Ok(Html(page.render()?))
}
