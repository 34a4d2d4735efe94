//! Deserialising that finds every bad field at once, from ordinary `#[derive(Deserialize)]` types.
//!
//! serde stops at the first error. So the type is deserialised from a [`serde_json::Value`] through an adapter that knows
//! its path; when a field fails, the adapter records the error, puts the field on a skip list and lets this pass end. The
//! next pass leaves the skipped fields out and so gets on to the next error; the passes end when one succeeds or finds
//! nothing new. Each pass finds something, and their number is bounded by [`MAX_ERRORS`].
//!
//! Values are identified by their address: the tree is borrowed and does not move between the passes.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::{self, Display, Write as _};

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde_json::Value;

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

/// Where a value is, as a list from the leaf to the root that lives on the stack.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    const ROOT: Path<'static> = Path::Root;

    fn is_root(self) -> bool {
        matches!(self, Path::Root)
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Why a value did not fit.
#[derive(Debug, Clone)]
struct Failure {
    code: &'static str,
    message: String,
}

impl Failure {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    fn required() -> Self {
        Self::new("required", "is required")
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    /// What a type says of its own text. `is required…` has the code of a field that is not there.
    fn custom<T: Display>(message: T) -> Self {
        let message = message.to_string();
        let code = if message.starts_with("is required") {
            "required"
        } else {
            "invalid"
        };
        Self::new(code, message)
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new("invalid_type", format!("must be {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new("invalid", format!("must be {expected}"))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(
            "invalid",
            format!("has {length} elements, but must be {expected}"),
        )
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new("invalid", one_of(expected))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::new("unknown_field", format!("has an unknown field `{field}`"))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("required", format!("lacks the field `{field}`"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("invalid", format!("has the field `{field}` twice"))
    }
}

fn one_of(choices: &[&str]) -> String {
    let mut message = "must be one of: ".to_owned();
    for (index, choice) in choices.iter().enumerate() {
        let _ = write!(message, "{}{choice}", if index == 0 { "" } else { ", " });
    }
    message
}

/// A value and where it is.
#[derive(Clone, Copy)]
struct Adapter<'de, 'p> {
    value: &'de Value,
    path: Path<'p>,
    context: &'p Context,
}

impl<'de> Adapter<'de, '_> {
    fn mismatch(self, wanted: &str) -> Failure {
        match self.value {
            Value::Null => Failure::required(),
            Value::Array(_) if self.context.lenient => {
                Failure::new("invalid", "must be given only once")
            }
            _ => Failure::new("invalid_type", format!("must be {wanted}")),
        }
    }

    fn list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let values = match self.value {
            Value::Array(values) => values.as_slice(),
            Value::String(_) if self.context.lenient => std::slice::from_ref(self.value),
            _ => return Err(self.mismatch("a list")),
        };
        visitor.visit_seq(Elements {
            values,
            next: 0,
            path: &self.path,
            context: self.context,
        })
    }

    fn object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Object(object) => visitor.visit_map(Entries {
                entries: object.iter(),
                value: None,
                path: &self.path,
                context: self.context,
            }),
            _ => Err(self.mismatch("an object")),
        }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty, $wanted:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            match self.value {
                Value::Number(_) => self.value.$method(visitor).map_err(|error| match self.value {
                    // The one way in which a number does not fit a number type, other than having a fraction.
                    Value::Number(number) if !number.is_f64() => Failure::new("invalid", "is out of range"),
                    _ if error.is_data() => Failure::new("invalid_type", concat!("must be ", $wanted)),
                    _ => Failure::new("invalid", error.to_string()),
                }),
                Value::String(text) if self.context.lenient => match text.parse::<$type>() {
                    Ok(number) => visitor.$visit(number),
                    Err(_) => Err(Failure::new("invalid_type", concat!("must be ", $wanted))),
                },
                _ => Err(self.mismatch($wanted)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Adapter<'de, '_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => {
                if let Some(value) = number.as_u64() {
                    visitor.visit_u64(value)
                } else if let Some(value) = number.as_i64() {
                    visitor.visit_i64(value)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            Value::String(value) => visitor.visit_borrowed_str(value),
            Value::Array(_) => self.list(visitor),
            Value::Object(_) => self.object(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::String(text) if self.context.lenient => match text.as_str() {
                "true" | "1" => visitor.visit_bool(true),
                "false" | "0" => visitor.visit_bool(false),
                _ => Err(self.mismatch("true or false")),
            },
            _ => Err(self.mismatch("true or false")),
        }
    }

    numbers! {
        deserialize_i8 visit_i8 i8, "a whole number";
        deserialize_i16 visit_i16 i16, "a whole number";
        deserialize_i32 visit_i32 i32, "a whole number";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_i128 visit_i128 i128, "a whole number";
        deserialize_u8 visit_u8 u8, "a whole number that is not negative";
        deserialize_u16 visit_u16 u16, "a whole number that is not negative";
        deserialize_u32 visit_u32 u32, "a whole number that is not negative";
        deserialize_u64 visit_u64 u64, "a whole number that is not negative";
        deserialize_u128 visit_u128 u128, "a whole number that is not negative";
        deserialize_f32 visit_f32 f32, "a number";
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::String(value) => visitor.visit_borrowed_str(value),
            _ => Err(self.mismatch("text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Null => visitor.visit_none(),
            Value::String(text) if self.context.lenient && text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            _ => Err(Failure::new("invalid_type", "must be null")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.value {
            Value::Array(values) if values.len() != length => Err(Failure::new(
                "invalid",
                format!("must have exactly {length} elements"),
            )),
            _ => self.list(visitor),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.object(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let Value::Object(object) = self.value else {
            return Err(self.mismatch("an object"));
        };
        for (name, value) in object {
            if !fields.contains(&name.as_str()) && self.context.skip(value, "") {
                self.context.record_if_first(
                    Path::Field(&self.path, name),
                    Failure::new("unknown_field", "is not a known field"),
                );
            }
        }
        visitor.visit_map(Fields {
            object: self,
            fields: fields.iter(),
            current: "",
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.value {
            Value::String(variant) => visitor.visit_enum(Variant {
                name: variant,
                content: None,
            }),
            Value::Object(object) => match object.iter().next() {
                Some((name, value)) if object.len() == 1 => {
                    let path = Path::Field(&self.path, name);
                    visitor.visit_enum(Variant {
                        name,
                        content: Some(Adapter {
                            value,
                            path,
                            context: self.context,
                        }),
                    })
                }
                _ => Err(Failure::new("invalid", one_of(variants))),
            },
            Value::Null => Err(Failure::required()),
            _ => Err(Failure::new("invalid_type", one_of(variants))),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}

/// The fields of a struct: each that it knows, present or absent.
struct Fields<'de, 'p> {
    object: Adapter<'de, 'p>,
    fields: std::slice::Iter<'static, &'static str>,
    current: &'static str,
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        for name in self.fields.by_ref() {
            let skipped = match self.object.value.get(name) {
                Some(value) => self.object.context.skips(value, ""),
                None => self.object.context.skips(self.object.value, name),
            };
            if !skipped {
                self.current = name;
                return seed
                    .deserialize(BorrowedStrDeserializer::new(name))
                    .map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let Adapter {
            value,
            path,
            context,
        } = self.object;
        let here = Path::Field(&path, self.current);
        match value.get(self.current) {
            Some(value) => context.part(
                seed,
                Adapter {
                    value,
                    path: here,
                    context,
                },
            ),
            None => seed.deserialize(Absent).inspect_err(|failure| {
                context.skip(value, self.current);
                context.record_if_first(here, failure.clone());
            }),
        }
    }
}

/// A field that is not there: fine for an `Option`, an error for anything else.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Failure> {
        Err(Failure::required())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// The entries of a map with free keys.
struct Entries<'de, 'p> {
    entries: serde_json::map::Iter<'de>,
    value: Option<(&'de str, &'de Value)>,
    path: &'p Path<'p>,
    context: &'p Context,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        for (name, value) in self.entries.by_ref() {
            if self.context.skips(value, "") {
                continue;
            }
            self.value = Some((name, value));
            let key: BorrowedStrDeserializer<'de, Failure> = BorrowedStrDeserializer::new(name);
            return seed.deserialize(key).map(Some).inspect_err(|failure| {
                self.context.skip(value, "");
                self.context
                    .record_if_first(Path::Field(self.path, name), failure.clone());
            });
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let Some((name, value)) = self.value.take() else {
            return Err(Failure::required());
        };
        self.context.part(
            seed,
            Adapter {
                value,
                path: Path::Field(self.path, name),
                context: self.context,
            },
        )
    }
}

/// The elements of a list.
struct Elements<'de, 'p> {
    values: &'de [Value],
    next: usize,
    path: &'p Path<'p>,
    context: &'p Context,
}

impl<'de> SeqAccess<'de> for Elements<'de, '_> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        while let Some(value) = self.values.get(self.next) {
            let index = self.next;
            self.next += 1;
            // A query's single value stands for a list of one, and has the list's own address.
            if !self.context.skips(value, "") {
                return self
                    .context
                    .part(
                        seed,
                        Adapter {
                            value,
                            path: Path::Index(self.path, index),
                            context: self.context,
                        },
                    )
                    .map(Some);
            }
        }
        Ok(None)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len() - self.next)
    }
}

/// A variant of an enum, with or without content.
struct Variant<'de, 'p> {
    name: &'de str,
    content: Option<Adapter<'de, 'p>>,
}

impl<'de, 'p> EnumAccess<'de> for Variant<'de, 'p> {
    type Error = Failure;
    type Variant = Content<'de, 'p>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Failure> {
        let name: StrDeserializer<'_, Failure> = StrDeserializer::new(self.name);
        Ok((seed.deserialize(name)?, Content(self.content)))
    }
}

struct Content<'de, 'p>(Option<Adapter<'de, 'p>>);

impl<'de> Content<'de, '_> {
    fn some(self) -> Result<Self, Failure> {
        if self.0.is_some() {
            Ok(self)
        } else {
            Err(Failure::new(
                "invalid_type",
                "must be an object with the choice as its only field",
            ))
        }
    }
}

impl<'de> VariantAccess<'de> for Content<'de, '_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        match self.0 {
            None => Ok(()),
            Some(adapter) => de::Deserialize::deserialize(adapter),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failure> {
        match self.some()?.0 {
            Some(adapter) => adapter.context.part(seed, adapter),
            None => Err(Failure::required()),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.some()?.0 {
            Some(adapter) => adapter.deserialize_tuple(length, visitor),
            None => Err(Failure::required()),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.some()?.0 {
            Some(adapter) => adapter.deserialize_struct("", fields, visitor),
            None => Err(Failure::required()),
        }
    }
}

#[cfg(test)]
#[path = "strict_tests.rs"]
mod tests;
