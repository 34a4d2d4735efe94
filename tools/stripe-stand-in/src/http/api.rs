//! The handlers under `/v1`: each hands its parameters to the [`World`](crate::world::World).

use axum::Json;
use axum::extract::{Extension, Path, State};
use serde_json::Value;

use super::gate::{Caller, Cause};
use crate::app::App;
use crate::error::ApiError;
use crate::form::Params;
use crate::world::{Answer, World};

type Body = Result<Json<Value>, ApiError>;

/// Runs one operation for the shop, then expands what `expand[]` names.
fn change(
    app: &App,
    caller: Caller,
    cause: Cause,
    params: &Params,
    operation: impl FnOnce(&mut World) -> Answer,
) -> Body {
    only_shop(caller)?;
    changed(app, cause, params, operation)
}

fn changed(
    app: &App,
    cause: Cause,
    params: &Params,
    operation: impl FnOnce(&mut World) -> Answer,
) -> Body {
    app.change(|world| {
        world.request = (cause.0, cause.1);
        let answer = operation(world)?;
        Ok(Json(world.expand(answer, params)))
    })
}

fn read(app: &App, caller: Caller, params: &Params, look: impl FnOnce(&World) -> Answer) -> Body {
    only_shop(caller)?;
    app.read(|world| Ok(Json(world.expand(look(world)?, params))))
}

fn only_shop(caller: Caller) -> Result<(), ApiError> {
    match caller {
        Caller::Shop => Ok(()),
        Caller::Browser => Err(ApiError::unauthorized(
            "This API call cannot be made with a publishable API key. Please use a secret API key.",
        )),
    }
}

/// A browser may touch the one intent whose client secret it has.
fn may_touch(app: &App, caller: Caller, id: &str, params: &Params) -> Result<(), ApiError> {
    if caller == Caller::Shop {
        return Ok(());
    }
    let secret = params.required("client_secret")?;
    let right = app.read(|world| {
        world
            .intents
            .get(id)
            .is_some_and(|intent| intent.client_secret == secret)
    });
    if right {
        Ok(())
    } else {
        Err(ApiError::missing("payment_intent", "intent", id))
    }
}

macro_rules! handlers {
    ($($(#[$doc:meta])* $name:ident: $way:ident $operation:ident $($id:ident)?;)*) => {$(
        $(#[$doc])*
        pub(super) async fn $name(
            State(app): State<App>,
            Extension(caller): Extension<Caller>,
            Extension(cause): Extension<Cause>,
            $(Path($id): Path<String>,)?
            params: Params,
        ) -> Body {
            handlers!(@$way app, caller, cause, params, $operation $(, $id)?)
        }
    )*};
    (@change $app:ident, $caller:ident, $cause:ident, $params:ident, $operation:ident $(, $id:ident)?) => {
        change(&$app, $caller, $cause, &$params, |world| world.$operation($(&$id,)? &$params))
    };
    (@list $app:ident, $caller:ident, $cause:ident, $params:ident, $operation:ident) => {{
        let _ = $cause;
        read(&$app, $caller, &$params, |world| world.$operation(&$params))
    }};
    (@list_of $app:ident, $caller:ident, $cause:ident, $params:ident, $operation:ident, $id:ident) => {{
        let _ = $cause;
        read(&$app, $caller, &$params, |world| world.$operation(&$id, &$params))
    }};
    (@find $app:ident, $caller:ident, $cause:ident, $params:ident, $operation:ident, $id:ident) => {{
        let _ = $cause;
        read(&$app, $caller, &$params, |world| world.$operation(&$id))
    }};
}

handlers! {
    create_intent: change create_intent;
    update_intent: change update_intent id;
    capture_intent: change capture_intent id;
    cancel_intent: change cancel_intent id;
    list_intents: list list_intents;
    create_refund: change create_refund;
    refund: find refund id;
    list_refunds: list list_refunds;
    create_customer: change create_customer;
    customer: find customer id;
    update_customer: change update_customer id;
    delete_customer: change delete_customer id;
    saved_cards: list_of list_saved_cards id;
    saved_card: find saved_card id;
    attach_card: change attach_card id;
    detach_card: change detach_card id;
    create_session: change create_session;
    session: find session id;
    list_sessions: list list_sessions;
    expire_session: change expire_session id;
    dispute: find dispute id;
    list_disputes: list list_disputes;
    update_dispute: change update_dispute id;
    close_dispute: change close_dispute id;
    balance_transaction: find balance_transaction id;
    list_balance_transactions: list list_balance_transactions;
    charge: find charge id;
    list_charges: list list_charges;
    event: find event id;
    list_events: list list_events;
}

pub(super) async fn card_of_customer(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((id, card)): Path<(String, String)>,
    params: Params,
) -> Body {
    read(&app, caller, &params, |world| {
        world.card_of_customer(&id, &card)
    })
}

/// Also for the buyer's browser.
pub(super) async fn intent(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    params: Params,
) -> Body {
    may_touch(&app, caller, &id, &params)?;
    app.read(|world| Ok(Json(world.expand(world.intent(&id)?, &params))))
}

/// Also for the buyer's browser.
pub(super) async fn confirm_intent(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(cause): Extension<Cause>,
    Path(id): Path<String>,
    params: Params,
) -> Body {
    may_touch(&app, caller, &id, &params)?;
    changed(&app, cause, &params, |world| {
        world.confirm_intent(&id, &params)
    })
}
