//! Postal addresses: what each country needs, and how its codes are written.
//!
//! A refusal costs an order, so only what is sure is refused: a code that the post insists on and that has the wrong form, a
//! state that does not exist. Everything else is taken as it is.

use std::fmt;
use std::marker::PhantomData;

use regex_lite::Regex;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::{AddressId, CountryCode};

const DATA: &str = include_str!("../data/postal.tsv");

/// A postal address as a client gives it, checked by the rules of its country and written as its post likes it. One that was
/// read from an address book may be sent back whole.
#[derive(Clone, PartialEq, Eq, ToSchema)]
#[schema(as = AddressInput)]
pub struct AddressForm {
    /// Addressee.
    #[schema(min_length = 1, max_length = 200, example = "Anna Schmidt")]
    pub name: String,
    /// Street and number.
    #[schema(min_length = 1, max_length = 200, example = "Lindenstraße 1")]
    pub line1: String,
    /// Floor, flat, building.
    #[schema(max_length = 200)]
    pub line2: Option<String>,
    /// May be left out only where addresses have none, as in Singapore.
    #[schema(required = false, max_length = 100, example = "Berlin")]
    pub city: String,
    /// State or province. The United States, Canada, Australia and Brazil need it.
    #[schema(max_length = 100)]
    pub region: Option<String>,
    /// May be left out only where the post does not insist on one, as in Hong Kong.
    #[schema(required = false, max_length = 20, example = "10969")]
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub country: CountryCode,
    /// For the carrier.
    #[schema(max_length = 40)]
    pub phone: Option<String>,
    /// Makes it the one to ship to; the one before no longer is.
    pub is_default_shipping: Option<bool>,
    /// Makes it the one to bill to; the one before no longer is.
    pub is_default_billing: Option<bool>,
    /// Means nothing here.
    pub id: Option<AddressId>,
}

/// Without the texts, which are personal.
impl fmt::Debug for AddressForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AddressForm({})", self.country)
    }
}

/// By hand, for what a field may hold depends on the country: so each bad field is told at its own place, and all at once. A
/// format that keeps its own order of fields must have `country` before the others.
impl<'de> Deserialize<'de> for AddressForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const FIELDS: &[&str] = &[
            "country",
            "name",
            "line1",
            "line2",
            "city",
            "region",
            "postal_code",
            "phone",
            "is_default_shipping",
            "is_default_billing",
            "id",
        ];
        deserializer.deserialize_struct("AddressInput", FIELDS, FormVisitor)
    }
}

struct FormVisitor;

impl<'de> Visitor<'de> for FormVisitor {
    type Value = AddressForm;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AddressForm, A::Error> {
        let mut country: Option<CountryCode> = None;
        let mut rules = Rules::UNKNOWN;
        let (mut name, mut line1, mut line2, mut city) = (None, None, None, None);
        let (mut region, mut postal_code, mut phone) = (None, None, None);
        let (mut is_default_shipping, mut is_default_billing, mut id) = (None, None, None);
        while let Some(field) = map.next_key::<String>()? {
            let mut value = |check: Check| {
                map.next_value_seed(Part {
                    check,
                    rules: &rules,
                })
            };
            match field.as_str() {
                "country" => {
                    let code: CountryCode = map.next_value()?;
                    rules = Rules::of(&code);
                    country = Some(code);
                }
                "name" => name = value(Rules::name)?,
                "line1" => line1 = value(Rules::line1)?,
                "line2" => line2 = value(Rules::line2)?,
                "city" => city = value(Rules::city)?,
                "region" => region = value(Rules::region)?,
                "postal_code" => postal_code = value(Rules::postal_code)?,
                "phone" => phone = value(Rules::phone)?,
                "is_default_shipping" => is_default_shipping = map.next_value()?,
                "is_default_billing" => is_default_billing = map.next_value()?,
                "id" => id = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let missing = || A::Error::missing_field("country");
        Ok(AddressForm {
            name: name.unwrap_or_default(),
            line1: line1.unwrap_or_default(),
            line2,
            city: city.unwrap_or_default(),
            region,
            postal_code: postal_code.unwrap_or_default(),
            country: country.ok_or_else(missing)?,
            phone,
            is_default_shipping,
            is_default_billing,
            id,
        })
    }
}

/// What a field comes to: the text as it is kept, nothing, or why it is refused.
type Checked = Result<Option<String>, String>;
type Check = fn(&Rules, &str) -> Checked;

/// A field whose text the rules of the country decide about. An absent one is an empty one.
struct Part<'r> {
    check: Check,
    rules: &'r Rules,
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        struct OptionalText<E>(PhantomData<E>);
        impl<'de, E> Visitor<'de> for OptionalText<E> {
            type Value = String;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_none<F: Error>(self) -> Result<String, F> {
                Ok(String::new())
            }
            fn visit_unit<F: Error>(self) -> Result<String, F> {
                Ok(String::new())
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
                String::deserialize(deserializer)
            }
        }
        let text = deserializer.deserialize_option(OptionalText::<D::Error>(PhantomData))?;
        (self.check)(self.rules, &text).map_err(D::Error::custom)
    }
}

/// How addresses of one country are written.
struct Rules {
    needs_city: bool,
    needs_region: bool,
    needs_postal_code: bool,
    country: &'static str,
    pattern: &'static str,
    examples: &'static str,
    prefix: &'static str,
    states: &'static str,
}

impl Rules {
    /// Of a country that nothing is known about, and of an address whose country is not known.
    const UNKNOWN: Self = Self {
        needs_city: false,
        needs_region: false,
        needs_postal_code: false,
        country: "",
        pattern: "",
        examples: "",
        prefix: "",
        states: "",
    };

    /// Found by reading the data from its start: a few microseconds, and nothing to keep.
    fn of(country: &CountryCode) -> Self {
        let mine = |line: &&'static str| {
            line.strip_prefix(country.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('\t'))
        };
        let Some(line) = DATA.lines().find(mine) else {
            return Self::UNKNOWN;
        };
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        let (country, needs) = (next(), next());
        Self {
            needs_city: needs.contains('C'),
            needs_region: needs.contains('S'),
            needs_postal_code: needs.contains('Z'),
            country,
            pattern: next(),
            examples: next(),
            prefix: next(),
            states: next(),
        }
    }

    fn name(&self, text: &str) -> Checked {
        required(line::<200>(text)?)
    }

    fn line1(&self, text: &str) -> Checked {
        required(line::<200>(text)?)
    }

    fn line2(&self, text: &str) -> Checked {
        line::<200>(text)
    }

    fn city(&self, text: &str) -> Checked {
        let city = line::<100>(text)?;
        if self.needs_city {
            required(city)
        } else {
            Ok(city)
        }
    }

    fn region(&self, text: &str) -> Checked {
        let region = line::<100>(text)?;
        if self.states.is_empty() {
            return Ok(region);
        }
        let states = || self.states.split('~').filter_map(|one| one.split_once(':'));
        let such_as = match states().next() {
            Some((code, name)) => format!("a state of {}, such as {code} ({name})", self.country),
            None => "a state".to_owned(),
        };
        let Some(region) = region else {
            return if self.needs_region {
                Err(format!("is required: {such_as}"))
            } else {
                Ok(None)
            };
        };
        // `US-CA` is how ISO 3166-2 names it.
        let iso = region
            .strip_prefix(self.country)
            .and_then(|rest| rest.strip_prefix('-'))
            .unwrap_or(&region);
        let given = plain(iso);
        states()
            .find(|(code, name)| plain(code) == given || plain(name) == given)
            .map(|(code, _)| Some(code.to_owned()))
            .ok_or_else(|| format!("must be {such_as}"))
    }

    fn postal_code(&self, text: &str) -> Checked {
        let Some(code) = line::<20>(text)? else {
            return if self.needs_postal_code {
                Err(format!("is required, such as {}", self.example()))
            } else {
                Ok(None)
            };
        };
        let code = capital(&code);
        match self.written_well(&code) {
            Some(code) => Ok(Some(code)),
            None if self.needs_postal_code => Err(format!(
                "must be a postal code of {}, such as {}",
                self.country,
                self.example()
            )),
            // The post can do without: what somebody writes here helps more than it harms.
            None => Ok(Some(code)),
        }
    }

    fn phone(&self, text: &str) -> Checked {
        let Some(phone) = line::<40>(text)? else {
            return Ok(None);
        };
        let digits = phone.chars().filter(char::is_ascii_digit).count();
        let fit = |c: char| c.is_ascii_digit() || " +-()./#xetXET".contains(c);
        if (4..=20).contains(&digits) && phone.chars().all(fit) {
            Ok(Some(phone))
        } else {
            Err("must be a phone number, such as +49 30 1234567".to_owned())
        }
    }

    fn example(&self) -> &'static str {
        self.examples.split(',').next().unwrap_or_default()
    }

    /// The code with the spaces and dashes of the country's examples and without a foreigner's prefix (`D-10969`, `1050` in
    /// Latvia), if it has the country's form in any way.
    fn written_well(&self, code: &str) -> Option<String> {
        if self.pattern.is_empty() {
            return None;
        }
        let pattern = Regex::new(&format!("^(?:{})$", self.pattern)).ok()?;
        let letters = |text: &str| text.chars().take_while(char::is_ascii_alphabetic).count();
        let compact = compact(code);
        let bare = compact[letters(&compact)..].to_owned();
        let unprefixed = compact
            .strip_prefix(&self::compact(self.prefix))
            .filter(|_| !self.prefix.is_empty())
            .unwrap_or(&compact)
            .to_owned();
        let own = &self.example()[..letters(self.example())];
        [compact, unprefixed, bare.clone(), format!("{own}{bare}")]
            .into_iter()
            .find_map(|compact| {
                let spaced = self
                    .examples
                    .split(',')
                    .filter_map(|example| spaced_like(&compact, example))
                    .find(|spaced| pattern.is_match(spaced));
                spaced.or_else(|| pattern.is_match(&compact).then_some(compact))
            })
            .or_else(|| pattern.is_match(code).then(|| code.to_owned()))
    }
}

/// A compact code with the separators of an example, which are counted from the end: British codes differ in their beginning.
fn spaced_like(compact: &str, example: &str) -> Option<String> {
    if example.is_empty() || !compact.is_ascii() {
        return None;
    }
    let mut rest = compact.bytes().rev();
    let mut spaced = Vec::with_capacity(example.len() + 1);
    for c in example.bytes().rev() {
        if c.is_ascii_alphanumeric() {
            spaced.extend(rest.next());
        } else {
            spaced.push(c);
        }
    }
    spaced.extend(rest);
    spaced.reverse();
    String::from_utf8(spaced)
        .ok()
        .filter(|text| text.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

/// Without anything but letters and digits.
fn compact(code: &str) -> String {
    code.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// In capitals, full-width characters as ordinary ones, the dashes of typesetters as plain ones.
fn capital(code: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xff01 + u32::from('!')).unwrap_or(c)
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー' => '-',
        c => c,
    };
    code.chars()
        .map(|c| narrow(c).to_ascii_uppercase())
        .collect()
}

/// For comparing names: `São Paulo` is `sao paulo`.
fn plain(name: &str) -> String {
    let fold = |c: char| match c {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'î' | 'ï' => 'i',
        'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ü' => 'u',
        'ç' => 'c',
        c => c,
    };
    let letters = name
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric());
    letters.map(fold).collect()
}

/// One line with single spaces, or nothing.
fn line<const MAX: usize>(text: &str) -> Checked {
    if text.chars().any(char::is_control) {
        return Err("must be one line".to_owned());
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() > MAX {
        return Err(format!("must have at most {MAX} characters"));
    }
    Ok(Some(line).filter(|line| !line.is_empty()))
}

fn required(text: Option<String>) -> Checked {
    text.map(Some).ok_or_else(|| "is required".to_owned())
}

#[cfg(test)]
mod tests;
