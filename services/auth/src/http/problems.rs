//! The refusals that many operations share, for the document.

#![expect(dead_code, reason = "only the document is made from these")]

use http_kit::Problem;
use utoipa::IntoResponses;

/// Operations with a body.
#[derive(IntoResponses)]
pub(crate) enum BadBody {
    /// `malformed_json`: the body is not JSON
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// `validation_failed`: `errors` names every bad field
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
}

/// Operations that are limited by account and by address.
#[derive(IntoResponses)]
pub(crate) enum Limited {
    /// `rate_limited`: too many tries failed, or too many mails were asked for. `Retry-After` says when to come back
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
}

/// Operations of a signed-in user.
#[derive(IntoResponses)]
pub(crate) enum SignedIn {
    /// `unauthenticated`, `token_expired` or `token_revoked`
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
}

/// Operations of a user who has just proved who they are.
#[derive(IntoResponses)]
pub(crate) enum Fresh {
    /// `unauthenticated`, `token_expired` or `token_revoked`; `insufficient_user_authentication` when the last proof is older
    /// than five minutes: `POST /api/auth/reauthenticate`
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
}

/// Operations of staff.
#[derive(IntoResponses)]
pub(crate) enum StaffOnly {
    /// `unauthenticated`, `token_expired` or `token_revoked`
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// `forbidden`: the role does not have the permission
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
}

/// Operations on one thing.
#[derive(IntoResponses)]
pub(crate) enum Missing {
    /// `not_found`
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}
