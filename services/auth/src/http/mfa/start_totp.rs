use auth_token::FreshUser;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Result};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::Fresh;
use crate::workflows::enrolment::{self, Shown};

/// What an authenticator app must learn; the same thrice.
#[derive(Serialize, ToSchema)]
pub(crate) struct TotpSecret {
    /// For apps without a camera.
    secret: String,
    /// For apps on the same device.
    otpauth_uri: String,
    /// For apps with a camera: an image.
    qr_svg: String,
}

/// Begin to set up an authenticator app
///
/// It counts when a first code of it is confirmed, within ten minutes; an app that was set up before counts until then.
#[utoipa::path(post, path = "/api/auth/mfa/totp", tag = "auth", security(("bearer" = [])),
    responses((status = 201, body = TotpSecret), Fresh))]
pub(crate) async fn start_totp(
    State(state): State<AppState>,
    user: FreshUser,
) -> Result<(StatusCode, Json<TotpSecret>)> {
    let Shown { secret, uri, qr } = enrolment::start(&state, user.user_id, user.session_id).await?;
    let shown = TotpSecret {
        secret,
        otpauth_uri: uri,
        qr_svg: qr,
    };
    Ok((StatusCode::CREATED, Json(shown)))
}
