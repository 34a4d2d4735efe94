//! Tax rates that are probably not as somebody meant them.

use std::collections::{BTreeMap, BTreeSet};

use crate::read::pricing::taxes::Rate;

/// The classes that products have; nobody expects a rate for the last.
pub(crate) const CLASSES: [&str; 3] = ["standard", "reduced", "zero"];

/// What to look at, as sentences, country by country.
pub(crate) fn warnings(rates: &[Rate]) -> Vec<String> {
    let mut places: BTreeMap<(&str, &str), Vec<&Rate>> = BTreeMap::new();
    let mut classes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rate in rates {
        places
            .entry((&rate.country, &rate.region))
            .or_default()
            .push(rate);
        if rate.region.is_empty() {
            classes
                .entry(&rate.country)
                .or_default()
                .insert(&rate.tax_class);
        }
    }
    let mut found = Vec::new();
    for ((country, region), here) in &places {
        let place = match *region {
            "" => (*country).to_owned(),
            region => format!("{country}-{region}"),
        };
        for class in here
            .iter()
            .map(|rate| &rate.tax_class)
            .collect::<BTreeSet<_>>()
        {
            let alone: Vec<&Rate> = here
                .iter()
                .copied()
                .filter(|rate| rate.tax_class == *class && !rate.adds)
                .collect();
            if alone.len() > 1 {
                let named: Vec<String> = alone
                    .iter()
                    .map(|rate| format!("{} {}%", rate.name, rate.percent()))
                    .collect();
                found.push(format!(
                    "{place}: {} rates overlap for {class} goods, and all are levied: {}.",
                    alone.len(),
                    named.join(" and ")
                ));
            }
            let base = classes
                .get(country)
                .is_some_and(|has| has.contains(class.as_str()));
            let adds = here
                .iter()
                .any(|rate| rate.tax_class == *class && rate.adds);
            if adds && !base && alone.is_empty() {
                found.push(format!(
                    "{place}: the rate for {class} goods adds to the country's, and {country} has none."
                ));
            }
        }
        if region.is_empty() {
            let has = |class: &str| classes.get(country).is_some_and(|has| has.contains(class));
            let lacks: Vec<&str> = CLASSES
                .into_iter()
                .take(2)
                .filter(|class| !has(class))
                .collect();
            if !lacks.is_empty() {
                found.push(format!(
                    "{place}: no rate for {} goods, which are not taxed there.",
                    lacks.join(" and ")
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(country: &str, region: &str, class: &str, name: &str, ppm: i32, adds: bool) -> Rate {
        let now = primitives::Timestamp::from_unix(0);
        Rate {
            id: uuid::Uuid::nil().into(),
            country: country.to_owned(),
            region: region.to_owned(),
            tax_class: class.to_owned(),
            name: name.to_owned(),
            rate_ppm: ppm,
            adds,
            version: 1,
            updated_at: now,
        }
    }

    #[test]
    fn good_rates_are_not_doubted() {
        let rates = [
            rate("CA", "", "standard", "GST", 50_000, false),
            rate("CA", "", "reduced", "GST", 0, false),
            rate("CA", "QC", "standard", "QST", 99_750, true),
            rate("CA", "ON", "standard", "HST", 130_000, false),
        ];
        assert_eq!(warnings(&rates), Vec::<String>::new());
    }

    #[test]
    fn overlaps_and_gaps_are_told() {
        let rates = [
            rate("DE", "", "standard", "MwSt", 190_000, false),
            rate("DE", "", "standard", "VAT", 190_000, false),
            rate("US", "CA", "standard", "Sales tax", 72_500, true),
        ];
        assert_eq!(
            warnings(&rates),
            [
                "DE: 2 rates overlap for standard goods, and all are levied: MwSt 19% and VAT 19%.",
                "DE: no rate for reduced goods, which are not taxed there.",
                "US-CA: the rate for standard goods adds to the country's, and US has none.",
            ]
        );
    }
}
