use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::response::Response;

use super::form::{self, Form, Frame};
use super::{SECTION, allowed, secret};
use crate::app::AppState;
use crate::error::Result;
use crate::input::StaffForm;
use crate::session::May;
use crate::store::webhooks::endpoints::Wanted;
use crate::workflows::webhooks;

fn frame() -> Frame {
    Frame {
        title: "New endpoint",
        action: SECTION.to_owned(),
        back: SECTION.to_owned(),
        version: 0,
    }
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageSettings>,
) -> Result<Response> {
    let empty = Wanted {
        url: String::new(),
        description: String::new(),
        event_types: Vec::new(),
        personal_data: false,
    };
    form::show(&app, &session, frame(), &empty, None)
}

pub(super) async fn submit(
    State(app): State<AppState>,
    StaffForm(session, form): StaffForm<Form>,
) -> Result<Response> {
    allowed(&session)?;
    let wanted = Wanted::from(&form);
    if let Err(why) = webhooks::check(&app, &wanted) {
        return form::show(&app, &session, frame(), &wanted, Some(why));
    }
    session.check_fresh(app.clock.now())?;
    let (id, secret) = webhooks::create(&app, &session, &wanted, form.key).await?;
    secret::show(&session, id, &secret, "The endpoint is ready")
}
