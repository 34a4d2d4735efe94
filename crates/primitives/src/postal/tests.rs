use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Every country of the data.
fn countries() -> Vec<CountryCode> {
    let codes = DATA.lines().filter(|line| !line.starts_with('#'));
    codes.filter_map(|line| line[..2].parse().ok()).collect()
}

fn postal_code(country: &str, code: &str) -> Checked {
    Rules::of(&country.parse().unwrap()).postal_code(code)
}

fn region(country: &str, region: &str) -> Checked {
    Rules::of(&country.parse().unwrap()).region(region)
}

fn good(text: &str) -> Checked {
    Ok(Some(text.to_owned()))
}

#[test]
fn the_data_is_whole() {
    assert!(countries().len() > 235, "{}", countries().len());
    for country in countries() {
        let rules = Rules::of(&country);
        assert!(Regex::new(rules.pattern).is_ok(), "{country}");
        assert!(
            !rules.needs_postal_code || !rules.pattern.is_empty(),
            "{country}"
        );
        assert_eq!(rules.needs_region, !rules.states.is_empty(), "{country}");
        for example in rules.examples.split(',').filter(|e| !e.is_empty()) {
            let kept = rules.postal_code(example).unwrap().unwrap();
            assert_eq!(compact(&kept), compact(example), "{country}");
            assert!(rules.written_well(example).is_some(), "{country} {example}");
        }
        for (code, name) in rules
            .states
            .split('~')
            .filter_map(|one| one.split_once(':'))
        {
            assert_eq!(rules.region(code), good(code));
            assert_eq!(rules.region(name), good(code));
        }
    }
}

#[test]
fn postal_codes_are_written_as_their_post_does() {
    for (country, given, kept) in [
        ("DE", " 10969 ", "10969"),
        ("DE", "D-10969", "10969"),
        ("DE", "DE 10969", "10969"),
        ("CH", "CH-8001", "8001"),
        ("LU", "L-2998", "2998"),
        ("LV", "1050", "LV-1050"),
        ("LV", "lv 1050", "LV-1050"),
        ("GB", "sw1a2aa", "SW1A 2AA"),
        ("GB", "m2 5bq", "M2 5BQ"),
        ("GB", "EC1Y8SY", "EC1Y 8SY"),
        ("GB", "bfpo61", "BFPO 61"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("NL", "3511nh", "3511 NH"),
        ("US", "94105", "94105"),
        ("US", "941051234", "94105-1234"),
        ("US", "94105 1234", "94105-1234"),
        ("JP", "１５４００２３", "154-0023"),
        ("GB", "ｓｗ１ａ２ａａ", "SW1A 2AA"),
        ("PL", "00560", "00-560"),
        ("PT", "4050–262", "4050-262"),
        ("BR", "40301110", "40301-110"),
        ("SE", "112 39", "11239"),
        ("CZ", "60200", "602 00"),
        ("IE", "d01x8n7", "D01 X8N7"),
        ("FI", "FI-00510", "00510"),
    ] {
        assert_eq!(postal_code(country, given), good(kept), "{country} {given}");
    }
}

#[test]
fn wrong_postal_codes_are_refused_with_an_example_only_where_the_post_insists() {
    let refused = postal_code("DE", "1096").unwrap_err();
    assert_eq!(refused, "must be a postal code of DE, such as 26133");
    let missing = postal_code("US", "").unwrap_err();
    assert_eq!(missing, "is required, such as 95014");
    for (country, bad) in [
        ("US", "ABCDE"),
        ("GB", "12345"),
        ("CA", "94105"),
        ("FR", "7501"),
        ("AT", "10809"),
    ] {
        assert!(postal_code(country, bad).is_err(), "{country} {bad}");
    }
    // Kept as it is: no codes at all, old codes, codes that are not needed, a country without data.
    for (country, odd) in [
        ("HK", "999077"),
        ("IE", "Dublin 4"),
        ("CL", "12"),
        ("BQ", "X1"),
    ] {
        assert_eq!(
            postal_code(country, odd),
            good(&odd.to_ascii_uppercase()),
            "{country}"
        );
    }
    assert_eq!(postal_code("HK", " "), Ok(None));
}

#[test]
fn states_become_their_codes() {
    for (country, given, kept) in [
        ("US", "California", "CA"),
        ("US", "ca", "CA"),
        ("US", "US-NY", "NY"),
        ("US", "new york", "NY"),
        ("CA", "québec", "QC"),
        ("BR", "sao paulo", "SP"),
        ("AU", "New South Wales", "NSW"),
        ("DE", "Bayern", "Bayern"),
        ("IT", "MI", "MI"),
    ] {
        assert_eq!(region(country, given), good(kept), "{country} {given}");
    }
    assert_eq!(
        region("US", "").unwrap_err(),
        "is required: a state of US, such as AL (Alabama)"
    );
    assert!(region("US", "Bavaria").is_err());
    assert_eq!(region("ES", ""), Ok(None));
}

#[test]
fn phones_are_checked_lightly() {
    let phone = |text: &str| Rules::UNKNOWN.phone(text);
    for fine in [
        "+49 30 1234567",
        "(415) 555-0132 ext 7",
        "112233",
        "030/123.45",
    ] {
        assert_eq!(phone(fine), good(fine));
    }
    for bad in ["no", "anna@example.com", "1", "12345678901234567890123"] {
        assert!(phone(bad).is_err(), "{bad}");
    }
    assert_eq!(phone(""), Ok(None));
}

#[test]
fn a_form_is_read_with_the_rules_of_its_country() {
    let form: AddressForm = serde_json::from_value(json!({
        "country": "us", "name": " Ann  Lee ", "line1": "1 Main St", "line2": "", "city": "San Francisco",
        "region": "california", "postal_code": "941051234", "is_default_billing": true,
    }))
    .unwrap();
    assert_eq!(
        (
            form.name.as_str(),
            form.line2,
            form.region.as_deref(),
            form.postal_code.as_str()
        ),
        ("Ann Lee", None, Some("CA"), "94105-1234")
    );
    assert_eq!(
        (form.is_default_shipping, form.is_default_billing),
        (None, Some(true))
    );
    let abroad: AddressForm =
        serde_json::from_value(json!({"country": "HK", "name": "Li", "line1": "1 Nathan Road"}))
            .unwrap();
    assert_eq!(
        (abroad.city.as_str(), abroad.postal_code.as_str()),
        ("", "")
    );
    let refused = |body: Value| {
        serde_json::from_value::<AddressForm>(body)
            .unwrap_err()
            .to_string()
    };
    assert!(refused(json!({"name": "x", "line1": "y"})).contains("country"));
}

proptest! {
    #[test]
    fn nothing_panics_and_what_is_kept_is_kept_as_it_is(index in 0usize..300, text in "\\PC{0,30}|[A-Za-z]{0,3}[- ]?[0-9]{2,9}( ?[0-9A-Z]{2,4})?") {
        let all = countries();
        let rules = Rules::of(&all[index % all.len()]);
        let checks: [Check; 7] = [Rules::name, Rules::line1, Rules::line2, Rules::city, Rules::region, Rules::postal_code, Rules::phone];
        for check in checks {
            if let Ok(Some(kept)) = check(&rules, &text) {
                prop_assert_eq!(check(&rules, &kept), Ok(Some(kept.clone())));
            }
        }
    }

    /// However the separators of an example are written, it comes out the same.
    #[test]
    fn separators_do_not_matter(index in 0usize..300, separator in "[ -]?") {
        let all = countries();
        let rules = Rules::of(&all[index % all.len()]);
        for example in rules.examples.split(',').filter(|e| !e.is_empty()) {
            let other: String = example.to_lowercase().replace([' ', '-'], &separator);
            prop_assert_eq!(rules.postal_code(&other), rules.postal_code(example));
        }
    }
}
