//! Where something is sent, and where rates and methods hold.

use std::fmt;
use std::str::FromStr;

use primitives::CountryCode;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::address::Address;

/// A country, or a region of it: `DE`, `US-CA`. Regions are written as in addresses, where a country has codes for them, in upper case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) country: CountryCode,
    pub(crate) region: Option<String>,
}

impl Place {
    /// A country, and a region if it is not empty.
    pub(crate) fn new(country: CountryCode, region: Option<&str>) -> Self {
        let region = region
            .map(|region| region.trim().to_uppercase())
            .filter(|region| !region.is_empty());
        Self { country, region }
    }

    /// Whether what holds here holds there: a country covers its regions.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.country == other.country && (self.region.is_none() || self.region == other.region)
    }
}

impl From<&Address> for Place {
    fn from(address: &Address) -> Self {
        Self::new(address.country.clone(), address.region.as_deref())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.region {
            Some(region) => write!(f, "{}-{region}", self.country),
            None => write!(f, "{}", self.country),
        }
    }
}

/// Not a place.
#[derive(Debug, thiserror::Error)]
#[error("must be a country such as DE, or a country and region such as US-CA")]
pub(crate) struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (country, region) = match text.split_once('-') {
            Some((country, region)) => (country, Some(region)),
            None => (text, None),
        };
        let place = Self::new(country.parse().map_err(|_| NoPlace)?, region);
        let good = match (&place.region, region) {
            (Some(region), Some(_)) => region.chars().count() <= 100,
            (None, Some(_)) => false,
            _ => true,
        };
        good.then_some(place).ok_or(NoPlace)
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_covers_its_regions() {
        let place = |text: &str| text.parse::<Place>().unwrap();
        assert!(place("US").covers(&place("US-CA")));
        assert!(place("US-ca").covers(&place("US-CA")));
        assert!(!place("US-CA").covers(&place("US")));
        assert!(!place("US-CA").covers(&place("CA")));
        for bad in ["", "U", "US-", "-CA", "USA"] {
            assert!(bad.parse::<Place>().is_err(), "{bad}");
        }
    }
}
