use askama::Template;
use auth_token::permissions::{ModerateReviews, ReadCatalogue};
use axum::extract::{RawQuery, State};
use axum::response::Html;
use primitives::{ProductId, ReviewId, UserId};
use serde::Deserialize;

use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::{Query, chosen};
use crate::pages::shell::{Choice, Shell, choices, link};
use crate::pages::views::Views;
use crate::read::reviews::{self, Filter, ReviewRow};
use crate::read::snapshot;
use crate::session::May;

const PAGE: usize = 25;
const HERE: &str = "/admin/reviews";

#[derive(Template)]
#[template(path = "reviews/list.html")]
struct Page {
    shell: Shell,
    views: Views,
    params: Params,
    reviews: Vec<ReviewRow>,
    waiting: i64,
    can_moderate: bool,
    /// This list, to come back to.
    here: String,
    next: Option<String>,
}

impl Page {
    fn statuses(&self) -> Vec<Choice> {
        choices(&["pending", "published", "hidden"], &self.params.status)
    }

    fn ratings(&self) -> Vec<Choice> {
        choices(&["1", "2", "3", "4", "5"], &self.params.rating)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    q: String,
    status: String,
    rating: String,
    product: String,
    user: String,
    after: Option<ReviewId>,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    RawQuery(query): RawQuery,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let filter = Filter {
        status: &params.status,
        rating: chosen(&params.rating),
        product: chosen::<ProductId>(&params.product),
        user: chosen::<UserId>(&params.user),
        q: params.q.trim(),
        after: params.after,
    };
    let mut db = snapshot(&app.product_db).await?;
    let mut found = reviews::page(&mut db, &filter, PAGE as i64 + 1).await?;
    let waiting = reviews::waiting(&mut db).await?;
    drop(db);
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(|last| {
        let pairs = [
            ("q", params.q.trim()),
            ("status", &params.status),
            ("rating", &params.rating),
            ("product", &params.product),
            ("user", &params.user),
            ("after", &last.id.to_string()),
        ];
        link(HERE, &pairs)
    });
    let page = Page {
        shell: Shell::new(&session, HERE, params.done.as_deref()),
        views: Views::of(&app, &session, HERE, query.as_deref()).await?,
        reviews: found,
        waiting,
        can_moderate: session.may::<ModerateReviews>(),
        here: query.unwrap_or_default(),
        next,
        params,
    };
    Ok(Html(page.render()?))
}
