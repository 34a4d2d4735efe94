use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use primitives::ProductId;
use serde::Deserialize;

use super::shell::{Choice, Shell, choices, link};
use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::read::products::ProductRow;
use crate::read::{self, snapshot};
use crate::session::Session;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "products.html")]
struct Page {
    shell: Shell,
    filter: Filter,
    products: Vec<ProductRow>,
    next: Option<String>,
}

struct Filter {
    q: String,
    status: String,
}

impl Filter {
    fn statuses(&self) -> Vec<Choice> {
        choices(&["draft", "pending_review", "active", "rejected", "archived"], &self.status)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    q: String,
    status: String,
    after: Option<ProductId>,
    done: Option<String>,
}

pub(super) async fn page(State(app): State<AppState>, session: Session, Query(params): Query<Params>) -> Result<Html<String>> {
    let filter = Filter { q: params.q.trim().to_owned(), status: params.status };
    let mut db = snapshot(&app.product_db).await?;
    let mut products = read::products::list(&mut db, &filter.q, &filter.status, params.after, PAGE as i64 + 1).await?;
    let next = (products.len() > PAGE)
        .then(|| products.truncate(PAGE))
        .and_then(|()| products.last())
        .map(|last| link("/admin/products", &[("q", &filter.q), ("status", &filter.status), ("after", &last.id.to_string())]));
    Ok(Html(Page { shell: Shell::new(&session, "/admin/products", params.done.as_deref()), filter, products, next }.render()?))
}
