use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use primitives::WebhookId;

use super::form::{self, Form, Frame};
use super::{allowed, page_of};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{Path, StaffForm};
use crate::session::May;
use crate::store::webhooks::endpoints::{self, Wanted};
use crate::workflows::webhooks;

fn frame(id: WebhookId, version: i32) -> Frame {
    Frame {
        title: "Change the endpoint",
        action: format!("{}/edit", page_of(id)),
        back: page_of(id),
        version,
    }
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageSettings>,
    Path(id): Path<WebhookId>,
) -> Result<Response> {
    let endpoint = endpoints::find(&mut *app.pool.acquire().await?, id).await?;
    let endpoint = endpoint.ok_or_else(PageError::not_found)?;
    let wanted = Wanted {
        url: endpoint.url,
        description: endpoint.description,
        event_types: endpoint.event_types,
        personal_data: endpoint.personal_data,
    };
    form::show(&app, &session, frame(id, endpoint.version), &wanted, None)
}

pub(super) async fn submit(
    State(app): State<AppState>,
    Path(id): Path<WebhookId>,
    StaffForm(session, form): StaffForm<Form>,
) -> Result<Response> {
    allowed(&session)?;
    let wanted = Wanted::from(&form);
    if let Err(why) = webhooks::check(&app, &wanted) {
        return form::show(&app, &session, frame(id, form.version), &wanted, Some(why));
    }
    session.check_fresh(app.clock.now())?;
    webhooks::update(&app, &session, id, form.version, &wanted).await?;
    Ok(Redirect::to(&format!("{}?done=webhook_updated", page_of(id))).into_response())
}
