//! Enums.

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor};

use super::adapter::Adapter;
use super::failure::Failure;

/// A variant of an enum, with or without content.
pub(super) struct Variant<'de, 'p> {
    pub(super) name: &'de str,
    pub(super) content: Option<Adapter<'de, 'p>>,
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

pub(super) struct Content<'de, 'p>(Option<Adapter<'de, 'p>>);

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
