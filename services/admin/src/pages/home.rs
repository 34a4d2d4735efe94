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
    href: &'static str,
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
    let customers = async { read::users::opened_today(&mut *snapshot(&app.auth_db).await?, now).await };
    let news = async { store::notifications::latest(&mut *app.pool.acquire().await?, 8).await };
    let ((sales, latest, orders), products, customers, news) = tokio::try_join!(orders, products, customers, news)?;
    let dead_letters = app.broker.dead_letters().await.unwrap_or(0);

    let mut todo = vec![
        Todo { label: "Orders to ship", href: "/admin/orders?status=confirmed&fulfillment_status=unfulfilled", count: orders.to_ship },
        Todo { label: "Products to approve", href: "/admin/products?status=pending_review", count: products.to_approve },
        Todo { label: "Variants low in stock", href: "/admin/products?status=active", count: products.low_stock },
        Todo { label: "Declined payments", href: "/admin/orders?status=pending&payment_status=failed", count: orders.payments_failed },
        Todo { label: "Refunds that do not get through", href: "/admin/orders", count: orders.refunds_stuck },
        Todo { label: "Webhooks that cannot be applied", href: "/admin/orders", count: orders.webhooks_stuck },
        Todo { label: "Dead letters at the broker", href: "/admin", count: dead_letters },
    ];
    todo.retain(|item| item.count > 0);
    let page = Page { shell: Shell::new(&session, "/admin", None), sales, customers, orders: latest, todo, news };
    Ok(Html(page.render()?))
}
