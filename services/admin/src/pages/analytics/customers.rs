use std::collections::BTreeMap;

use time::{Date, Duration};

use super::Question;
use super::period::Step;
use super::view::{Cell, Table, Tile, View, number_column, text_column};
use crate::domain::cohorts::{Activity, month_of};
use crate::error::Result;
use crate::pages::chart::{Plot, Series, Unit};
use crate::store::analytics_pages;

/// How many months of first orders are shown, and how many after each.
const MONTHS: usize = 12;

/// What the table may show.
const SHOWS: [(&str, &str); 3] = [
    ("", "Returning customers"),
    ("orders", "Orders"),
    ("revenue", "Net sales"),
];

/// Customers by the month of their first order: how many came back, and what they brought.
pub(super) async fn view(question: &Question<'_>) -> Result<View> {
    let Question {
        app,
        params,
        meta,
        currency,
        ..
    } = *question;
    let mut months = vec![month_of(meta.today)];
    while months.len() < MONTHS {
        let earlier = months.last().map(|month| month_of(*month - Duration::DAY));
        months.extend(earlier);
    }
    months.reverse();
    let since = months.first().copied().unwrap_or(meta.today);
    let mut conn = app.pool.acquire().await?;
    let found = analytics_pages::cohorts(&mut conn, currency, since).await?;
    let (orders, known) = analytics_pages::orders_since(&mut conn, currency, since).await?;
    drop(conn);
    let cells: BTreeMap<(Date, Date), Activity> = found
        .into_iter()
        .map(|(cohort, month, it)| ((cohort, month), it))
        .collect();
    let of = |cohort: Date, month: Date| cells.get(&(cohort, month)).copied().unwrap_or_default();
    let show = SHOWS
        .iter()
        .map(|(word, _)| *word)
        .find(|word| *word == params.show)
        .unwrap_or_default();

    let value = |it: Activity| match show {
        "orders" => it.orders,
        "revenue" => it.revenue,
        _ => it.customers,
    };
    let later = |at: usize| months.iter().skip(at + 1);
    let most = months
        .iter()
        .enumerate()
        .flat_map(|(at, cohort)| later(at).map(move |month| (*cohort, *month)));
    let most = most
        .map(|(cohort, month)| match show {
            "" => per_mille(of(cohort, month).customers, of(cohort, cohort).customers),
            _ => value(of(cohort, month)),
        })
        .max()
        .unwrap_or_default();
    let heat = |number: i64| match (number, most) {
        (1.., 1..) => u8::try_from((number * 5 + most - 1) / most)
            .unwrap_or(5)
            .min(5),
        _ => 0,
    };
    let row = |(at, cohort): (usize, &Date)| {
        let first = of(*cohort, *cohort);
        let mut row = vec![
            Cell::text(Step::Month.label(*cohort)),
            Cell::count(first.customers),
        ];
        row.push(match show {
            "orders" => Cell::count(first.orders),
            "revenue" => Cell::money(first.revenue, currency),
            _ => Cell::percent(first.customers, first.customers),
        });
        for month in later(at) {
            let it = of(*cohort, *month);
            row.push(match show {
                "orders" => Cell::count(it.orders).heat(heat(it.orders)),
                "revenue" => Cell::money(it.revenue, currency).heat(heat(it.revenue)),
                _ => Cell::percent(it.customers, first.customers)
                    .heat(heat(per_mille(it.customers, first.customers))),
            });
        }
        row.resize_with(MONTHS + 2, || Cell::text(""));
        row
    };
    let mut columns = vec![text_column("First order"), number_column("Customers")];
    columns.extend((0..MONTHS).map(|after| {
        number_column(match after {
            0 => "Same month".to_owned(),
            after => format!("+{after}"),
        })
    }));

    let sum_of = |month: &Date, new: bool| -> i64 {
        let cohorts = months
            .iter()
            .filter(|cohort| (*cohort == month) == new && *cohort <= month);
        cohorts.map(|cohort| of(*cohort, *month).customers).sum()
    };
    let (new, back): (Vec<i64>, Vec<i64>) = months
        .iter()
        .map(|month| (sum_of(month, true), sum_of(month, false)))
        .unzip();
    let chart = Plot {
        id: "customers",
        title: "Customers who ordered, by month".to_owned(),
        unit: Unit::Count,
        along: "Month",
        labels: months
            .iter()
            .map(|month| Step::Month.label(*month))
            .collect(),
        series: vec![
            Series::new("For the first time", new.clone()),
            Series::new("Again", back),
        ],
        table: true,
    };
    let everybody: i64 = new.iter().sum();
    let tile = |label, value| Tile {
        label,
        value,
        change: None,
    };
    Ok(View {
        tiles: vec![
            tile("New customers in a year", Unit::Count.full(everybody)),
            tile("Orders of customers with an account", Unit::Count.full(known)),
            tile("Orders of guests", Unit::Count.full(orders - known)),
        ],
        chart_title: "Customers who ordered".to_owned(),
        chart: (!cells.is_empty()).then(|| chart.stacked()),
        table: Table {
            columns,
            rows: match cells.is_empty() {
                true => Vec::new(),
                false => months.iter().enumerate().map(row).collect(),
            },
            total: Vec::new(),
            heat: true,
        },
        notes: vec!["Customers with an account, by the month of their first confirmed order. Guests are nobody in particular: their orders count for a customer once they are claimed. What went back counts in the month in which it went.".to_owned()],
        sorts: SHOWS
            .iter()
            .map(|(word, label)| {
                let pairs = [("currency", params.currency.as_str()), ("show", word)];
                (crate::pages::shell::link("/admin/analytics/customers", &pairs), *label, *word == show)
            })
            .collect(),
        ..View::default()
    })
}

fn per_mille(part: i64, of: i64) -> i64 {
    if of == 0 { 0 } else { part * 1000 / of }
}
