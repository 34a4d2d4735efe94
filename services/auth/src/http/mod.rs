//! The HTTP surface: every route on one screen, one file for each operation.

mod addresses;
mod api_keys;
mod auth;
mod device;
mod email;
mod identities;
mod internal;
mod me;
mod mfa;
mod oidc;
mod passkeys;
mod password;
mod problems;
mod sessions;
mod users;

use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::map_response;
use axum::response::Response;
use http_kit::Limits;
use runtime::Listeners;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;

/// What nginx routes here.
fn public() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(auth::register::register))
        .routes(routes!(auth::login::login))
        .routes(routes!(mfa::verify::verify_second_factor))
        .routes(routes!(mfa::show::show_second_factors))
        .routes(routes!(
            mfa::start_totp::start_totp,
            mfa::remove_totp::remove_totp
        ))
        .routes(routes!(mfa::confirm_totp::confirm_totp))
        .routes(routes!(mfa::recovery_codes::replace_recovery_codes))
        .routes(routes!(auth::reauthenticate::reauthenticate))
        .routes(routes!(auth::refresh::refresh))
        .routes(routes!(auth::logout::logout))
        .routes(routes!(auth::logout_all::logout_all))
        .routes(routes!(auth::verify::verify))
        .routes(routes!(auth::jwks::jwks))
        .routes(routes!(oidc::providers::list_providers))
        .routes(routes!(oidc::authorize::authorize))
        .routes(routes!(oidc::callback::callback))
        .routes(routes!(oidc::token::redeem_sign_in_code))
        .routes(routes!(oidc::link::link_identity))
        .routes(routes!(identities::list::list_identities))
        .routes(routes!(identities::delete::delete_identity))
        .routes(routes!(email::verify::verify_email))
        .routes(routes!(email::resend::resend_verification))
        .routes(routes!(email::change::change_email))
        .routes(routes!(email::approve_change::approve_email_change))
        .routes(routes!(email::confirm_change::confirm_email_change))
        .routes(routes!(password::forgot::forgot_password))
        .routes(routes!(password::reset::reset_password))
        .routes(routes!(password::change::change_password))
        .routes(routes!(
            passkeys::list::list_passkeys,
            passkeys::create::create_passkey
        ))
        .routes(routes!(
            passkeys::rename::rename_passkey,
            passkeys::delete::delete_passkey
        ))
        .routes(routes!(passkeys::registration::begin_passkey_registration))
        .routes(routes!(passkeys::authentication::begin_passkey_sign_in))
        .routes(routes!(passkeys::sign_in::passkey_sign_in))
        .routes(routes!(
            passkeys::reauthentication::begin_passkey_reauthentication
        ))
        .routes(routes!(passkeys::reauthenticate::reauthenticate_by_passkey))
        .routes(routes!(sessions::list::list_sessions))
        .routes(routes!(sessions::end::end_session))
        .routes(routes!(
            me::show::show_me,
            me::update::update_me,
            me::delete::delete_me
        ))
        .routes(routes!(me::export::export_me))
        .routes(routes!(
            addresses::list::list_addresses,
            addresses::create::create_address
        ))
        .routes(routes!(
            addresses::update::update_address,
            addresses::delete::delete_address
        ))
        .routes(routes!(
            api_keys::list::list_api_keys,
            api_keys::create::create_api_key
        ))
        .routes(routes!(api_keys::revoke::revoke_api_key))
        .merge(staffs())
}

/// What staff do. Also on the internal listener, under `/internal`, for services that call in their name: see
/// [`auth_token::in_staffs_name`].
fn staffs() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(users::list::list_users))
        .routes(routes!(users::show::show_user, users::update::update_user))
        .routes(routes!(users::reset_mfa::reset_second_factors))
        .routes(routes!(
            users::list_sessions::list_user_sessions,
            users::end_sessions::end_user_sessions
        ))
        .routes(routes!(users::end_session::end_user_session))
        .routes(routes!(
            users::schedule_deletion::schedule_user_deletion,
            users::cancel_deletion::cancel_user_deletion
        ))
        .routes(routes!(users::export::export_user))
        .routes(routes!(users::send_link::send_user_link))
}

/// What other services call.
fn private() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(internal::staff::login::staff_login))
        .routes(routes!(internal::staff::second_factor::staff_second_factor))
        .routes(routes!(
            internal::staff::reauthenticate::staff_reauthenticate
        ))
        .routes(routes!(internal::staff::sign_out::staff_sign_out))
        .routes(routes!(internal::staff::factors::staff_factors))
        .routes(routes!(internal::staff::totp::start::staff_start_totp))
        .routes(routes!(internal::staff::totp::confirm::staff_confirm_totp))
        .routes(routes!(internal::staff::totp::remove::staff_remove_totp))
        .routes(routes!(
            internal::staff::recovery_codes::staff_recovery_codes
        ))
        .routes(routes!(internal::lookup::lookup_users))
        .routes(routes!(internal::address::address))
        .routes(routes!(internal::jwks::internal_jwks))
        .routes(routes!(internal::exchange::exchange_token))
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Mercato auth", description = "Accounts, sign-in, sessions and addresses."),
    tags(
        (name = "auth", description = "Signing up, in and out"),
        (name = "users", description = "The signed-in user"),
        (name = "staff", description = "For the shop's staff")
    ),
    components(schemas(http_kit::Problem)),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "An access token from signing in, or an API key (`mk_…`) from `POST /api/users/me/api-keys`, which every service \
                 takes for what its scopes allow: 403 `insufficient_scope` otherwise.",
            ))
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The public API's document.
pub(crate) fn openapi() -> OpenApi {
    let mut document = public().split_for_parts().1;
    http_kit::openapi::complete(&mut document);
    document
}

/// What goes on while the shop is closed: staff sign in, and out.
const OPEN: [&str; 9] = [
    "/api/auth/login",
    "/api/auth/logout",
    "/api/auth/mfa/verify",
    "/api/auth/oidc/token",
    "/api/auth/passkeys/authentication",
    "/api/auth/passkeys/sign-in",
    "/api/auth/passkeys/reauthenti",
    "/api/auth/reauthenticate",
    "/api/auth/refresh",
];

pub(crate) fn listeners(state: &AppState) -> Listeners {
    let limits = Limits {
        body: 64 * 1024,
        server_timing: state.settings.common.server_timing,
        ..Limits::default()
    };
    let public = public().split_for_parts().0.with_state(state.clone());
    let public = public
        .layer(axum::middleware::from_fn(crate::limits::announce))
        .layer(map_response(unkept));
    let public = shop_settings::closable(public, state.shop.clone(), &OPEN);
    let private = private().split_for_parts().0.with_state(state.clone());
    let staffs = staffs().split_for_parts().0.with_state(state.clone());
    let staffs = auth_token::in_staffs_name(staffs, state.service_keys.clone());
    let private = private.nest("/internal", staffs);
    Listeners {
        public: Some(http_kit::public(public, limits)),
        internal: http_kit::internal(private, limits),
    }
}

/// Answers hold tokens and what is personal: nothing on the way keeps them, unless the handler says otherwise (RFC 6749, 5.1).
async fn unkept(mut response: Response) -> Response {
    response
        .headers_mut()
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
