//! What pages take from a request. axum's own extractors answer a bad request with plain text; these answer with a page.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use axum::RequestExt as _;
use axum::extract::{FromRequest, FromRequestParts, RawForm, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use primitives::{Currency, Money, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::app::AppState;
use crate::error::PageError;
use crate::session::Session;

/// The variable parts of a path. What is malformed does not exist.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Path<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, PageError> {
        let path = axum::extract::Path::from_request_parts(parts, app).await;
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| PageError::not_found())
    }
}

/// A form that says all by being sent.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

/// The query of an address.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<AppState> for Query<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, PageError> {
        let query = parts.uri.query().unwrap_or_default();
        read(query.as_bytes())
            .map(Self)
            .ok_or_else(|| PageError::invalid("The address of this page is broken."))
    }
}

/// A form that needs no sign-in.
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, PageError> {
        let RawForm(body) = RawForm::from_request(request, app)
            .await
            .map_err(|_| incomplete())?;
        read(&body).map(Self).ok_or_else(incomplete)
    }
}

/// A form that a signed-in member of staff sent from one of our pages: the only way in which a handler can get both, so
/// that none forgets to check the form's token.
pub(crate) struct StaffForm<T>(pub(crate) Session, pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for StaffForm<T> {
    type Rejection = Response;

    async fn from_request(mut request: Request, app: &AppState) -> Result<Self, Response> {
        let session: Session = request.extract_parts_with_state(app).await?;
        let RawForm(body) = RawForm::from_request(request, app)
            .await
            .map_err(|_| PageError::forged().into_response())?;
        let token = serde_html_form::from_bytes(&body);
        let Token { csrf } = token.map_err(|_| PageError::forged().into_response())?;
        session
            .check_csrf(&csrf)
            .map_err(|error| error.into_response())?;
        let form = read(&body).ok_or_else(|| incomplete().into_response())?;
        Ok(Self(session, form))
    }
}

/// `12.50`, `12,5` or `12` in whole minor units; never through a float.
pub(crate) fn amount(text: &str, currency: Currency) -> Option<Money> {
    let digits = usize::try_from(currency.exponent()).ok()?;
    let (whole, fraction) = text
        .trim()
        .split_once(['.', ','])
        .unwrap_or((text.trim(), ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > digits || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<digits$}")
        .parse()
        .ok()
        .map(|amount| Money::new(amount, currency))
}

/// Midnight (UTC) of a day of a filter, and nothing without one. A day that no shop can have lived through is none: nobody has to count beyond it.
pub(crate) fn day(text: &str, field: &str) -> Result<Option<Timestamp>, PageError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let midnight = serde_json::from_value(format!("{text}T00:00:00Z").into());
    let midnight: Option<Timestamp> = midnight.ok();
    midnight
        .filter(|at| (2000..=2199).contains(&at.date_time().year()))
        .map(Some)
        .ok_or_else(|| PageError::invalid(&format!("{field} must be a date such as 2026-11-21.")))
}

/// The end of the day that begins then.
pub(crate) fn end_of(day: Timestamp) -> Timestamp {
    day + Duration::from_secs(24 * 3600)
}

/// What a filter is set to: nothing if it is empty, or no value of its kind.
pub(crate) fn chosen<T: FromStr>(text: &str) -> Option<T> {
    text.trim().parse().ok()
}

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

fn incomplete() -> PageError {
    PageError::invalid("Something is missing in the form. Go back and fill it in.")
}

/// Nothing if a value is not of its field's type, or has a NUL, which PostgreSQL cannot store.
fn read<T: DeserializeOwned>(encoded: &[u8]) -> Option<T> {
    let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = serde_html_form::from_bytes(encoded).ok()?;
    if pairs.iter().any(|(_, value)| value.contains('\0')) {
        return None;
    }
    serde_html_form::from_bytes(encoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_that_can_have_been() {
        let read = |text| day(text, "From").ok();
        assert_eq!(read(" "), Some(None));
        let said = read(" 2026-11-21 ").flatten().unwrap();
        assert_eq!(end_of(said).to_string(), "2026-11-22T00:00:00Z");
        for bad in [
            "9999-12-31",
            "1999-12-31",
            "2026-02-30",
            "soon",
            "-2026-01-01",
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn amounts_are_read_exactly() {
        let cents = |text| amount(text, Currency::EUR).map(Money::amount);
        assert_eq!(
            (cents("12.50"), cents("12,5"), cents("12"), cents("0.01")),
            (Some(1250), Some(1250), Some(1200), Some(1))
        );
        for bad in [
            "",
            ".",
            "1.234",
            "-1",
            "1e3",
            "12.5.0",
            "twelve",
            "99999999999999999999",
        ] {
            assert_eq!(cents(bad), None, "{bad}");
        }
        assert_eq!(
            amount("500", "JPY".parse().unwrap()).map(Money::amount),
            Some(500)
        );
    }
}
