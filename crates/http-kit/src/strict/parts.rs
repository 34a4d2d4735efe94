//! What a value is made of: fields, entries, elements.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Context;
use super::adapter::Adapter;
use super::failure::{Failure, Path};

/// The fields of a struct: each that it knows, present or absent.
pub(super) struct Fields<'de, 'p> {
    pub(super) object: Adapter<'de, 'p>,
    pub(super) fields: std::slice::Iter<'static, &'static str>,
    pub(super) current: &'static str,
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
pub(super) struct Entries<'de, 'p> {
    pub(super) entries: serde_json::map::Iter<'de>,
    pub(super) value: Option<(&'de str, &'de Value)>,
    pub(super) path: &'p Path<'p>,
    pub(super) context: &'p Context,
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
pub(super) struct Elements<'de, 'p> {
    pub(super) values: &'de [Value],
    pub(super) next: usize,
    pub(super) path: &'p Path<'p>,
    pub(super) context: &'p Context,
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
