use std::borrow::Cow;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http_kit::Error;
use primitives::{SessionId, Timestamp};
use uuid::Uuid;

use crate::{Principal, Service, ServiceKeys};

/// In whose name a service calls, for the extractors. Only this module can make one, so that no request brings its own.
#[derive(Clone)]
pub(crate) struct Named(pub(crate) Principal);

/// Lets a service call handlers of the public API in the name of a member of staff. To be mounted on the internal listener, under
/// `/internal`: `POST /internal/api/products/{id}/approve` is then answered by the handler of `POST /api/products/{id}/approve`.
///
/// So there is one handler for each act. Permissions, the fresh proof of identity, `If-Match` and `Idempotency-Key` hold as for a
/// token of their own; the audit trail names the service as the way they came. Nobody else's name is taken: 403.
pub fn in_staffs_name(handlers: Router, keys: ServiceKeys) -> Router {
    handlers.route_layer(from_fn_with_state(keys, admit))
}

async fn admit(
    State(keys): State<ServiceKeys>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let (mut parts, body) = request.into_parts();
    let named = Named(staff(Service::of(&parts, &keys)?)?);
    parts.extensions.insert(named);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// The panel lets nobody do anything before they have the second factor that the shop wants.
fn staff(service: Service) -> Result<Principal, Error> {
    let user = service.user()?;
    let email = user.email.clone().filter(|_| user.role.is_staff());
    let email = email.ok_or_else(|| {
        Error::forbidden(
            "forbidden",
            "This must be called in the name of a member of staff.",
        )
    })?;
    Ok(Principal {
        user_id: user.user_id,
        session_id: SessionId::from(Uuid::nil()),
        role: user.role,
        email,
        email_verified: true,
        name: String::new(),
        authenticated_at: user.auth_time.map(Timestamp::from_unix),
        methods: Vec::new(),
        factor_missing: false,
        scopes: None,
        through: Cow::Owned(service.caller),
    })
}
