//! What this service's own errors are to a client.

use http_kit::Error;

use crate::payments::ProviderError;
use crate::workflows::transition::TransitionError;

/// A change that was not made, as a problem.
pub(crate) fn refused(error: TransitionError) -> Error {
    match error {
        TransitionError::NotFound => Error::not_found("order"),
        TransitionError::Refused(refusal) => {
            let mut sentence = refusal.to_string();
            if let Some(first) = sentence.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            Error::conflict(refusal.code(), format!("{sentence}."))
        }
        TransitionError::Database(error) => error.into(),
    }
}

impl From<TransitionError> for Error {
    fn from(error: TransitionError) -> Self {
        refused(error)
    }
}

/// What the payment provider did not do, as a problem; its own words are for the log.
pub(crate) fn unavailable_or_refused(error: ProviderError) -> Error {
    match error {
        ProviderError::Refused(_) => Error::conflict(
            "payment_refused",
            "The payment provider refused the request.",
        )
        .caused_by(error),
        ProviderError::Unavailable(_) => Error::unavailable(error),
    }
}
