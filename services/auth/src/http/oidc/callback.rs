use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use http_kit::{Error, Json, Path, Problem, Result};
use url::Url;
use utoipa::IntoParams;

use super::{cookie, cookie_name};
use crate::app::AppState;
use crate::domain::federation::return_to::with_query;
use crate::http::auth::LoginAnswer;
use crate::http::problems::Missing;
use crate::store::sessions::Device;
use crate::workflows::federation::{self, Done, Returned};

/// What providers send; whatever else they send is of no interest.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallbackQuery {
    state: Option<String>,
    code: Option<String>,
    /// Instead of a code.
    error: Option<String>,
    /// The provider's issuer (RFC 9207).
    iss: Option<String>,
}

impl CallbackQuery {
    /// Not strictly, as requests of the shop's own clients: providers add what they like. But nothing may come twice.
    fn parse(text: &str) -> Result<Self> {
        let mut query = Self::default();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            let field = match &*name {
                "state" => &mut query.state,
                "code" => &mut query.code,
                "error" => &mut query.error,
                "iss" => &mut query.iss,
                _ => continue,
            };
            if field.replace(value.into_owned()).is_some() {
                return Err(Error::bad_request(
                    "malformed_query",
                    format!("{name} comes twice."),
                ));
            }
        }
        Ok(query)
    }
}

/// Return from an identity provider
///
/// For browsers only: the provider sends them here.
#[utoipa::path(get, path = "/api/auth/oidc/{provider}/callback", tag = "auth", params(("provider" = String, Path), CallbackQuery),
    responses(
        (status = 200, body = LoginAnswer, description = "As `POST /api/auth/login`, without `return_to`"),
        (status = 302, description = "To `return_to`, with `sign_in_code`, or with `error` and perhaps `link_token`"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_state`: used, too late, or another browser's"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "`federated_sign_in_failed`, `access_denied` or `provider_error`"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "`account_disabled` or `email_missing`"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`link_required`, with `link_token`: an account has this address"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`provider_unavailable`"),
        Missing,
    ))]
pub(crate) async fn callback(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    device: Device,
    jar: CookieJar,
) -> Result<Response> {
    let query = CallbackQuery::parse(query.as_deref().unwrap_or_default())?;
    let secret = query.state.unwrap_or_default();
    let name = cookie_name(&state, &secret);
    let browser = jar.get(&name).map(|cookie| cookie.value().to_owned());
    let code = match (&query.code, &query.error) {
        (Some(code), None) => Ok(code.as_str()),
        (_, error) => Err(error.as_deref().unwrap_or_default()),
    };
    let returned = Returned {
        state: &secret,
        browser: browser.as_deref().unwrap_or_default(),
        issuer: query.iss.as_deref(),
        code,
    };
    let ended = federation::complete(&state, &provider, returned, &device).await?;
    let mut used = cookie(&state, name, String::new());
    used.make_removal();
    let answer = match ended.return_to {
        None => match ended.result? {
            Done::SignedIn(signed_in) => Json(LoginAnswer::from(*signed_in)).into_response(),
            Done::Code(_) => return Err(Error::internal(anyhow::anyhow!("a code for nobody"))),
        },
        Some(page) => redirect(page, ended.result)?,
    };
    Ok((jar.add(used), [(CACHE_CONTROL, "no-store")], answer).into_response())
}

/// To the page, which learns how it went.
fn redirect(page: Url, result: Result<Done>) -> Result<Response> {
    let location = match result {
        Ok(Done::Code(code)) => with_query(page, &[("sign_in_code", code.text())]),
        Ok(Done::SignedIn(_)) => return Err(Error::internal(anyhow::anyhow!("tokens in a URL"))),
        Err(error) => {
            let problem = error.to_problem();
            let link = problem
                .extensions
                .get("link_token")
                .and_then(|token| token.as_str());
            let pairs = [("error", Some(error.code())), ("link_token", link)];
            let pairs: Vec<_> = pairs
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect();
            if error.status().is_server_error() {
                tracing::warn!(error = format!("{error:?}"), "a federated sign-in failed");
            }
            with_query(page, &pairs)
        }
    };
    Ok((StatusCode::FOUND, [(LOCATION, location.to_string())]).into_response())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_comes_twice_is_refused() {
        let query =
            CallbackQuery::parse("code=a%20b&state=s&session_state=x&session_state=y").unwrap();
        assert_eq!(query.code.as_deref(), Some("a b"));
        assert!(CallbackQuery::parse("state=s&state=t").is_err());
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(text in ".*") {
            let _ = CallbackQuery::parse(&text);
        }
    }
}
