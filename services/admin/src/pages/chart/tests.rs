use proptest::prelude::*;

use super::*;

fn plot(values: &[&[i64]]) -> Plot {
    let names = ["Net sales", "The period before", "Third"];
    Plot {
        id: "sales",
        title: "Net <sales>".to_owned(),
        unit: Unit::Money(Currency::EUR),
        along: "Day",
        labels: (0..values[0].len())
            .map(|at| format!("{} Nov", at + 1))
            .collect(),
        series: std::iter::zip(names, values)
            .map(|(name, values)| Series::new(name, values.to_vec()))
            .collect(),
        table: true,
    }
}

fn labels(extremes: (i64, i64), exponent: u32) -> Vec<String> {
    let scale = Scale::of(extremes, exponent);
    scale.ticks().map(|tick| scale.label(tick)).collect()
}

#[test]
fn ticks_are_round_numbers() {
    assert_eq!(labels((0, 0), 0), ["0", "1"]);
    assert_eq!(labels((0, 0), 2), ["0", "1"]);
    assert_eq!(labels((0, 3), 0), ["0", "1", "2", "3"]);
    assert_eq!(labels((0, 97), 0), ["0", "50", "100"]);
    assert_eq!(
        labels((0, 170), 2),
        ["0.00", "0.50", "1.00", "1.50", "2.00"]
    );
    assert_eq!(labels((0, 123_456), 2), ["0", "500", "1k", "1.5k"]);
    assert_eq!(
        labels((-4_900, 12_000), 2),
        ["−50", "0", "50", "100", "150"]
    );
    assert_eq!(
        labels((0, 7_300_000_000), 2),
        ["0", "20M", "40M", "60M", "80M"]
    );
    assert_eq!(labels((-30, -10), 0), ["−30", "−20", "−10", "0"]);
    assert_eq!(labels((0, 2_500), 0), ["0", "1k", "2k", "3k"]);
    assert_eq!(labels((0, 5_000), 3), ["0", "2", "4", "6"]);
}

#[test]
fn who_cannot_see_a_chart_reads_it() {
    let chart = plot(&[&[100, 250_000, 0], &[0, 0, 99]]).lines().to_string();
    assert!(
        chart.contains(r#"role="img" aria-labelledby="sales-title sales-desc""#),
        "{chart}"
    );
    assert!(
        chart.contains(r#"<title id="sales-title">Net &lt;sales&gt;</title>"#),
        "{chart}"
    );
    assert!(
        chart.contains("Net sales: 2,501.00 EUR in all, most at 2 Nov with 2,500.00 EUR. The period before: 0.99 EUR in all, most at 3 Nov with 0.99 EUR."),
        "{chart}"
    );
    assert!(
        chart.contains(r#"<tr><th scope="row">2 Nov</th><td class="num">2,500.00 EUR</td><td class="num">0.00 EUR</td></tr>"#),
        "{chart}"
    );
    assert!(
        chart
            .contains("<title>2 Nov\nNet sales: 2,500.00 EUR\nThe period before: 0.00 EUR</title>"),
        "{chart}"
    );
    assert!(
        !chart.contains("<sales>") && !chart.contains("style="),
        "{chart}"
    );
}

#[test]
fn a_chart_of_nothing_is_a_chart() {
    for chart in [
        plot(&[&[]]).lines(),
        plot(&[&[]]).bars(),
        plot(&[&[]]).stacked(),
        plot(&[&[0]]).lines(),
    ] {
        let chart = chart.to_string();
        assert!(
            chart.ends_with("</figure>") && !chart.contains("NaN") && !chart.contains("inf"),
            "{chart}"
        );
    }
    assert!(plot(&[&[5]]).lines().to_string().contains("h0\""));
    assert!(
        !ranking("r", "Nothing", Unit::Count, &[])
            .to_string()
            .contains("NaN")
    );
}

#[test]
fn what_was_before_lies_behind() {
    let mut plot = plot(&[&[1, 2], &[3, 4]]);
    plot.series[1].before = true;
    let chart = plot.lines().to_string();
    let (before, now) = (
        chart.find("curve s2 before").unwrap(),
        chart.find("curve s1").unwrap(),
    );
    assert!(before < now, "{chart}");
}

#[test]
fn stacks_stand_upon_each_other() {
    let chart = plot(&[&[100, -50], &[100, 50]]).stacked().to_string();
    // From −1.00 to 2.00, so a euro is a third of 190.
    for bar in [
        r#"s1" x="5%" y="83.33" width="40%" height="63.33""#,
        r#"s2" x="5%" y="20" width="40%" height="63.33""#,
        r#"s1" x="55%""#,
    ] {
        assert!(chart.contains(bar), "{bar}: {chart}");
    }
}

#[test]
fn rankings_name_and_measure() {
    let rows = [
        (
            "A very long name of a product that nobody can remember".to_owned(),
            400,
        ),
        ("B & C".to_owned(), 100),
        ("Minus".to_owned(), -5),
    ];
    let chart = ranking("top", "Top products", Unit::Count, &rows).to_string();
    for part in [
        "A very long name of a product tha…",
        "B &amp; C",
        r#"width="25%""#,
        "<title>A very long name of a product that nobody can remember: 400</title>",
        r#"width="0%""#,
    ] {
        assert!(chart.contains(part), "{part}: {chart}");
    }
}

proptest! {
    #[test]
    fn every_value_lies_between_the_ticks(values in prop::collection::vec(any::<i64>(), 1..20), exponent in 0..4_u32) {
        let extremes = (*values.iter().min().unwrap() / 16, *values.iter().max().unwrap() / 16);
        let scale = Scale::of(extremes, exponent);
        let ticks: Vec<i64> = scale.ticks().collect();
        prop_assert!((2..=8).contains(&ticks.len()), "{ticks:?}");
        prop_assert!(ticks.contains(&0));
        for value in values {
            let y = scale.height_of(value / 16, 100);
            prop_assert!((0.0..=100.0).contains(&y), "{y} for {value}");
        }
    }

    #[test]
    fn charts_are_well_formed(values in prop::collection::vec(-1_000_000_000..1_000_000_000_i64, 0..40), title in ".*") {
        let mut plot = plot(&[&values, &values]);
        plot.title = title;
        for chart in [plot.lines(), plot.bars(), plot.stacked()] {
            let chart = chart.to_string();
            let opened = chart.matches("<svg").count();
            prop_assert_eq!(opened, chart.matches("</svg>").count());
            prop_assert!(!chart.contains("NaN"));
        }
    }
}
