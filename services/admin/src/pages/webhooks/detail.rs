use askama::Template;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::response::Html;
use primitives::{DeliveryId, WebhookId};
use serde::Deserialize;

use super::{SECTION, page_of};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query};
use crate::pages::shell::{Choice, Shell, choices, link};
use crate::session::May;
use crate::store::webhooks::endpoints::{self, Endpoint};
use crate::store::webhooks::log::{self, DeliveryRow};

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "webhooks/detail.html")]
struct Page {
    shell: Shell,
    endpoint: Endpoint,
    deliveries: Vec<DeliveryRow>,
    status: String,
    next: Option<String>,
    /// Whether the secret before the last rotation still signs.
    two_secrets: bool,
    /// A week ago, for the form that begins failed ones anew.
    week_ago: String,
    /// Makes a form that is sent twice act once.
    key: String,
}

impl Page {
    fn statuses(&self) -> Vec<Choice> {
        choices(&["waiting", "delivered", "failed"], &self.status)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    status: String,
    after: Option<DeliveryId>,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageSettings>,
    Path(id): Path<WebhookId>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let now = app.clock.now();
    let mut db = app.pool.acquire().await?;
    let endpoint = endpoints::find(&mut db, id)
        .await?
        .ok_or_else(PageError::not_found)?;
    let mut deliveries =
        log::list(&mut db, id, &params.status, params.after, PAGE as i64 + 1).await?;
    let next = (deliveries.len() > PAGE)
        .then(|| deliveries.truncate(PAGE))
        .and_then(|()| deliveries.last())
        .map(|last| {
            let after = last.id.to_string();
            link(
                &page_of(id),
                &[("status", &params.status), ("after", &after)],
            )
        });
    let week_ago = (now - std::time::Duration::from_secs(7 * 24 * 3600)).to_string();
    let page = Page {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        key: app.sessions.new_token(),
        two_secrets: endpoint
            .previous_secret_until
            .is_some_and(|until| until > now),
        endpoint,
        deliveries,
        status: params.status,
        next,
        week_ago: week_ago.get(..10).unwrap_or_default().to_owned(),
    };
    Ok(Html(page.render()?))
}
