//! Deserialising that finds every bad field at once, from ordinary `#[derive(Deserialize)]` types.
//!
//! serde stops at the first error. So the type is deserialised from a [`serde_json::Value`] through an adapter that knows
//! its path; when a field fails, the adapter records the error, puts the field on a skip list and lets this pass end. The
//! next pass leaves the skipped fields out and so gets on to the next error; the passes end when one succeeds or finds
//! nothing new. Each pass finds something, and their number is bounded by [`MAX_ERRORS`].
//!
//! Values are identified by their address: the tree is borrowed and does not move between the passes.

mod adapter;
mod choice;
mod failure;
mod parts;

use std::cell::RefCell;
use std::collections::HashSet;

use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::Value;

use self::adapter::Adapter;
use self::failure::{Failure, Path};
use crate::fields::{FieldError, FieldErrors};

/// Nobody reads more, and it bounds the work that a hostile body can cause.
const MAX_ERRORS: usize = 40;

/// Passes are as many as errors plus the depth above them; this is a belt to those braces.
const MAX_PASSES: usize = 4 * MAX_ERRORS;

/// Deserialises a JSON value.
pub(crate) fn from_json<T: DeserializeOwned>(value: &Value) -> Result<T, FieldErrors> {
    run(value, false)
}

/// Deserialises the parameters of a query string, whose values are all text.
pub(crate) fn from_query<T: DeserializeOwned>(value: &Value) -> Result<T, FieldErrors> {
    run(value, true)
}

fn run<T: DeserializeOwned>(value: &Value, lenient: bool) -> Result<T, FieldErrors> {
    let context = Context {
        lenient,
        found: RefCell::default(),
    };
    for _ in 0..MAX_PASSES {
        let before = context.progress();
        match T::deserialize(Adapter {
            value,
            path: Path::ROOT,
            context: &context,
        }) {
            Ok(parsed) if context.found.borrow().errors.is_empty() => return Ok(parsed),
            Ok(_) => break,
            Err(failure) => {
                if context.progress() == before {
                    context.record_if_first(Path::ROOT, failure);
                    break;
                }
            }
        }
        if context.found.borrow().errors.len() >= MAX_ERRORS {
            break;
        }
    }
    Err(FieldErrors::from(context.found.into_inner().errors))
}

struct Context {
    lenient: bool,
    found: RefCell<Found>,
}

#[derive(Default)]
struct Found {
    errors: Vec<FieldError>,
    /// Values to leave out in the next pass, by address; an absent field by its parent's address and its name.
    skip: HashSet<(usize, &'static str)>,
}

impl Context {
    fn progress(&self) -> usize {
        self.found.borrow().skip.len()
    }

    fn skips(&self, value: &Value, absent: &'static str) -> bool {
        self.found.borrow().skip.contains(&(address(value), absent))
    }

    /// Leaves the value out from now on; false if that was so already.
    fn skip(&self, value: &Value, absent: &'static str) -> bool {
        self.found
            .borrow_mut()
            .skip
            .insert((address(value), absent))
    }

    /// Records the failure of the value at `path`, unless the reason is something inside it that is on record already.
    fn record_if_first(&self, path: Path<'_>, failure: Failure) {
        let field = path.to_string();
        let mut found = self.found.borrow_mut();
        let inside = |error: &FieldError| {
            path.is_root()
                || error
                    .field
                    .strip_prefix(field.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        if !found.errors.iter().any(inside) {
            let field = if path.is_root() {
                "body".to_owned()
            } else {
                field
            };
            found.errors.push(FieldError {
                field,
                code: failure.code.into(),
                message: failure.message,
            });
        }
    }

    /// Deserialises one part of the tree, and takes note if it fails.
    fn part<'de, S: DeserializeSeed<'de>>(
        &self,
        seed: S,
        adapter: Adapter<'de, '_>,
    ) -> Result<S::Value, Failure> {
        let before = self.progress();
        let (value, path) = (adapter.value, adapter.path);
        seed.deserialize(adapter).inspect_err(|failure| {
            // Something new inside it: the next pass will see more of it. Nothing new: there is no more to see.
            if self.progress() == before {
                self.record_if_first(path, failure.clone());
                self.skip(value, "");
            }
        })
    }
}

fn address(value: &Value) -> usize {
    std::ptr::from_ref(value) as usize
}

#[cfg(test)]
mod tests;
