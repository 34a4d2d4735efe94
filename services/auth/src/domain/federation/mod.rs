//! Signing in by somebody else's word: which providers are trusted with what, and what their tokens must say.

pub(crate) mod provider;
pub(crate) mod return_to;
pub(crate) mod token;
