//! The demo catalogue, read from `data/catalogue.txt`.

use anyhow::{Context as _, bail};

use crate::pictures::Motif;

/// The catalogue that comes with the program.
pub(crate) const DEMO: &str = include_str!("../data/catalogue.txt");

/// A top category.
#[derive(Debug)]
pub(crate) struct Department {
    pub(crate) name: String,
    pub(crate) categories: Vec<Category>,
}

/// A category that products are in.
#[derive(Debug)]
pub(crate) struct Category {
    pub(crate) name: String,
    pub(crate) motif: Motif,
    pub(crate) items: Vec<Item>,
}

/// A product.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) title: String,
    pub(crate) cents: i64,
    pub(crate) units: i64,
    pub(crate) attributes: Vec<(String, String)>,
    /// The option's name and its values with what each costs more.
    pub(crate) option: Option<(String, Vec<(String, i64)>)>,
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
                items: Vec::new(),
            });
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

fn item(line: &str) -> anyhow::Result<Item> {
    let cells: Vec<_> = line.split('|').map(str::trim).collect();
    let [title, cents, units, attributes, option, description] = cells[..] else {
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
    let option = match option {
        "-" => None,
        option => {
            let (name, values) = option
                .split_once(':')
                .context("the option is not `name: values`")?;
            let values = values
                .split(", ")
                .map(value)
                .collect::<anyhow::Result<_>>()?;
            Some((name.trim().to_owned(), values))
        }
    };
    Ok(Item {
        title: title.to_owned(),
        cents: cents.parse().context("the price")?,
        units: units.parse().context("the units")?,
        attributes,
        option,
        description: description.to_owned(),
    })
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
        assert!(items.iter().filter(|item| item.option.is_some()).count() > 30);
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = parse("== A\n= B | pot\nno cells").unwrap_err();
        assert!(format!("{error:#}").contains("line 3"));
    }
}
