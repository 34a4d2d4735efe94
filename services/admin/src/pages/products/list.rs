use askama::Template;
use auth_token::permissions::{ApproveProducts, ReadCatalogue};
use axum::extract::{RawQuery, State};
use axum::response::Html;
use primitives::ProductId;
use serde::Deserialize;

use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::{Choice, Shell, choices, link};
use crate::pages::views::Views;
use crate::read::products::ProductRow;
use crate::read::{self, snapshot};
use crate::session::May;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "products/list.html")]
struct Page {
    shell: Shell,
    views: Views,
    filter: Filter,
    products: Vec<ProductRow>,
    can_decide: bool,
    next: Option<String>,
}

struct Filter {
    q: String,
    status: String,
    /// `low`: only products with a variant that is running low.
    stock: String,
}

impl Filter {
    fn statuses(&self) -> Vec<Choice> {
        choices(
            &["draft", "pending_review", "active", "rejected", "archived"],
            &self.status,
        )
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    q: String,
    status: String,
    stock: String,
    after: Option<ProductId>,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    RawQuery(query): RawQuery,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let filter = Filter {
        q: params.q.trim().to_owned(),
        status: params.status,
        stock: params.stock,
    };
    let mut db = snapshot(&app.product_db).await?;
    let mut products = read::products::list(
        &mut db,
        &filter.q,
        &filter.status,
        filter.stock == "low",
        params.after,
        PAGE as i64 + 1,
    )
    .await?;
    let next = (products.len() > PAGE)
        .then(|| products.truncate(PAGE))
        .and_then(|()| products.last())
        .map(|last| {
            link(
                "/admin/products",
                &[
                    ("q", &filter.q),
                    ("status", &filter.status),
                    ("stock", &filter.stock),
                    ("after", &last.id.to_string()),
                ],
            )
        });
    let can_decide = session.may::<ApproveProducts>()
        && products
            .iter()
            .any(|product| product.status == "pending_review");
    let views = Views::of(&app, &session, "/admin/products", query.as_deref()).await?;
    let page = Page {
        shell: Shell::new(&session, "/admin/products", params.done.as_deref()),
        views,
        filter,
        products,
        can_decide,
        next,
    };
    Ok(Html(page.render()?))
}
