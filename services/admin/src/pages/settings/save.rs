use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use contracts::events::ShopSettings;
use serde::Deserialize;

use super::form::Form;
use crate::app::AppState;
use crate::domain::settings::Fields;
use crate::error::{PageError, Result};
use crate::input::StaffForm;
use crate::read;
use crate::workflows::change_settings::{self, Outcome};

const PAGE: &str = "/admin/settings";

#[derive(Deserialize)]
pub(super) struct Sent {
    version: i64,
    /// That another currency is meant, whatever it breaks.
    #[serde(default)]
    confirm_currency: bool,
    #[serde(flatten)]
    fields: Fields,
}

pub(super) async fn submit(
    State(app): State<AppState>,
    StaffForm(session, sent): StaffForm<Sent>,
) -> Result<Response> {
    if !session.may::<ManageSettings>() {
        return Err(PageError::forbidden());
    }
    let form = Form {
        fields: sent.fields,
        version: sent.version,
        problems: vec![],
        warning: None,
    };
    let settings = match form.fields.values() {
        Ok(settings) => settings,
        Err(problems) => return Form { problems, ..form }.refused(&app, &session).await,
    };
    if !sent.confirm_currency
        && let Some(warning) = breaks(&app, &settings).await?
    {
        let warning = Some(warning);
        return Form { warning, ..form }.refused(&app, &session).await;
    }
    session.check_fresh(app.clock.now())?;
    match change_settings::change(&app, &session, sent.version, settings).await? {
        Outcome::Changed => Ok(Redirect::to("/admin/settings?done=settings").into_response()),
        Outcome::Same => Ok(Redirect::to(PAGE).into_response()),
        Outcome::Conflict => Err(PageError::changed_meanwhile().back_to(PAGE)),
    }
}

/// What another currency would break: products and shipping methods keep theirs.
async fn breaks(app: &AppState, settings: &ShopSettings) -> Result<Option<String>> {
    let currency = settings.currency.unwrap_or(app.defaults.currency);
    if currency == app.currency() {
        return Ok(None);
    }
    let mut product_db = app.product_db.acquire().await?;
    let products = read::currencies::products_in_others(&mut product_db, currency).await?;
    let mut order_db = app.order_db.acquire().await?;
    let methods = read::currencies::shipping_methods_in(&mut order_db, currency).await?;
    let mut broken = vec![];
    if products > 0 {
        broken.push(format!(
            "{products} products on sale are priced in another currency; nobody can put them into a new cart."
        ));
    }
    if methods == 0 {
        broken.push(format!(
            "No shipping method is priced in {currency}; new carts cannot be ordered."
        ));
    }
    Ok((!broken.is_empty()).then(|| broken.join(" ")))
}
