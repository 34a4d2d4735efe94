//! The demo catalogue, read from `data/catalogue.txt`.

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::pictures::Motif;

/// The catalogue that comes with the program.
pub(crate) const DEMO: &str = include_str!("../data/catalogue.txt");

/// A top category.
#[derive(Debug)]
pub(crate) struct Department {
    pub(crate) name: String,
    pub(crate) defines: Vec<Definition>,
    pub(crate) categories: Vec<Category>,
}

/// An attribute that products of a department or category have.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) key: String,
    pub(crate) kind: String,
    /// The unit of a number, the choices of a choice.
    pub(crate) of: Option<String>,
    pub(crate) required: bool,
}

/// A category that products are in.
#[derive(Debug)]
pub(crate) struct Category {
    pub(crate) name: String,
    pub(crate) motif: Motif,
    pub(crate) defines: Vec<Definition>,
    pub(crate) items: Vec<Item>,
}

/// A product.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) title: String,
    pub(crate) cents: i64,
    pub(crate) units: i64,
    pub(crate) attributes: Vec<(String, String)>,
    /// Each option's name and its values with what each costs more.
    pub(crate) options: Vec<(String, Vec<(String, i64)>)>,
    pub(crate) description: String,
}

/// Reads a catalogue; its form is told in the file.
pub(crate) fn parse(text: &str) -> anyhow::Result<Vec<Department>> {
    let mut departments: Vec<Department> = Vec::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim()))
    {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("==") {
            departments.push(Department {
                name: name.trim().to_owned(),
                defines: Vec::new(),
                categories: Vec::new(),
            });
            continue;
        }
        let department = departments
            .last_mut()
            .with_context(|| format!("line {number}: no department yet"))?;
        if let Some(heading) = line.strip_prefix('=') {
            let (name, motif) = heading
                .split_once('|')
                .with_context(|| format!("line {number}: no motif"))?;
            let motif = Motif::named(motif.trim())
                .with_context(|| format!("line {number}: unknown motif"))?;
            department.categories.push(Category {
                name: name.trim().to_owned(),
                motif,
                defines: Vec::new(),
                items: Vec::new(),
            });
            continue;
        }
        if let Some(line) = line.strip_prefix('@') {
            let definition = definition(line).with_context(|| format!("line {number}"))?;
            match department.categories.last_mut() {
                Some(category) => category.defines.push(definition),
                None => department.defines.push(definition),
            }
            continue;
        }
        let category = department
            .categories
            .last_mut()
            .with_context(|| format!("line {number}: no category yet"))?;
        category
            .items
            .push(item(line).with_context(|| format!("line {number}"))?);
    }
    Ok(departments)
}

fn definition(line: &str) -> anyhow::Result<Definition> {
    let (line, required) = match line.strip_prefix('!') {
        Some(line) => (line, true),
        None => (line, false),
    };
    let mut cells = line.split('|').map(|cell| cell.trim().to_owned());
    Ok(Definition {
        key: cells.next().context("a definition without a key")?,
        kind: cells.next().context("a definition without a kind")?,
        of: cells.next(),
        required,
    })
}

impl Definition {
    /// As the API takes it.
    pub(crate) fn json(&self) -> Value {
        let mut label = self.key.replace('_', " ");
        if let Some(first) = label.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let mut body = json!({ "key": self.key, "label": label, "kind": self.kind, "required": self.required });
        match (self.kind.as_str(), &self.of) {
            ("number", Some(unit)) => body["unit"] = unit.as_str().into(),
            ("choice", Some(choices)) => {
                body["choices"] = choices.split(',').map(str::trim).collect();
            }
            _ => {}
        }
        body
    }

    /// A value of the file, of the type that the definition asks for: `248 g` is 248.
    pub(crate) fn value(&self, text: &str) -> anyhow::Result<Value> {
        let unit = self.of.as_deref().unwrap_or_default();
        Ok(match self.kind.as_str() {
            "number" => {
                let number = text.strip_suffix(unit).unwrap_or(text).trim();
                number
                    .parse::<f64>()
                    .with_context(|| format!("`{text}` is no number of {unit}"))?
                    .into()
            }
            "boolean" => (text == "yes").into(),
            _ => text.into(),
        })
    }
}

fn item(line: &str) -> anyhow::Result<Item> {
    let cells: Vec<_> = line.split('|').map(str::trim).collect();
    let [title, cents, units, attributes, options, description] = cells[..] else {
        bail!("has {} cells instead of 6", cells.len());
    };
    let attributes = attributes
        .split(';')
        .map(|pair| {
            pair.split_once(':')
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect::<Option<_>>()
        .context("an attribute is not `name: value`")?;
    let options = match options {
        "-" => Vec::new(),
        options => options
            .split(';')
            .map(option)
            .collect::<anyhow::Result<_>>()?,
    };
    Ok(Item {
        title: title.to_owned(),
        cents: cents.parse().context("the price")?,
        units: units.parse().context("the units")?,
        attributes,
        options,
        description: description.to_owned(),
    })
}

fn option(text: &str) -> anyhow::Result<(String, Vec<(String, i64)>)> {
    let (name, values) = text
        .split_once(':')
        .context("the option is not `name: values`")?;
    let values = values
        .split(", ")
        .map(value)
        .collect::<anyhow::Result<_>>()?;
    Ok((name.trim().to_owned(), values))
}

/// `XL+300` is `XL` and costs 300 cents more.
fn value(text: &str) -> anyhow::Result<(String, i64)> {
    match text.trim().rsplit_once('+') {
        Some((name, more)) => Ok((name.trim().to_owned(), more.parse().context("a surcharge")?)),
        None => Ok((text.trim().to_owned(), 0)),
    }
}

/// A name as it stands in addresses and stock numbers: `Coffee & Tea` is `coffee-tea`.
pub(crate) fn slug(name: &str) -> String {
    let words: Vec<_> = name
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::{DEMO, parse};

    #[test]
    fn the_demo_catalogue_is_a_hundred_distinct_products() {
        let departments = parse(DEMO).unwrap();
        let items: Vec<_> = departments
            .iter()
            .flat_map(|department| &department.categories)
            .flat_map(|category| &category.items)
            .collect();
        let titles: std::collections::HashSet<_> = items.iter().map(|item| &item.title).collect();
        assert!(titles.len() >= 100, "{}", titles.len());
        assert_eq!(titles.len(), items.len());
        assert!(
            items
                .iter()
                .all(|item| item.cents >= 500 && item.units > 0 && item.description.len() > 40)
        );
        assert!(items.iter().filter(|item| !item.options.is_empty()).count() > 30);
    }

    #[test]
    fn attributes_are_as_they_are_defined() {
        for department in parse(DEMO).unwrap() {
            for category in &department.categories {
                let defines: Vec<_> = department.defines.iter().chain(&category.defines).collect();
                let keys: std::collections::HashSet<_> =
                    defines.iter().map(|definition| &definition.key).collect();
                assert_eq!(keys.len(), defines.len(), "{}", category.name);
                for item in &category.items {
                    for definition in &defines {
                        let found = item
                            .attributes
                            .iter()
                            .find(|(key, _)| *key == definition.key);
                        assert!(
                            found.is_some() || !definition.required,
                            "{}: {}",
                            item.title,
                            definition.key
                        );
                        let Some((_, text)) = found else { continue };
                        definition.value(text).unwrap();
                        if definition.kind == "choice" {
                            let choices = definition.of.as_deref().unwrap();
                            assert!(
                                choices.split(", ").any(|choice| choice == text),
                                "{}: {text}",
                                item.title
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = parse("== A\n= B | pot\nno cells").unwrap_err();
        assert!(format!("{error:#}").contains("line 3"));
    }
}
