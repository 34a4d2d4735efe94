//! A value as serde reads it.

use serde::de::{Deserializer, Visitor};
use serde_json::Value;

use super::Context;
use super::choice::Variant;
use super::failure::{Failure, Path, one_of};
use super::parts::{Elements, Entries, Fields};

/// A value and where it is.
#[derive(Clone, Copy)]
pub(super) struct Adapter<'de, 'p> {
    pub(super) value: &'de Value,
    pub(super) path: Path<'p>,
    pub(super) context: &'p Context,
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
