use super::Question;
use super::period::{Step, long};
use super::view::{Cell, Table, Tile, View, number_column, text_column};
use crate::error::Result;
use crate::pages::chart::{Plot, Series, Unit};
use crate::read;
use crate::store::analytics_pages;

/// The most days that the chart shows.
const DAYS: i32 = 100;

/// What lies in stock, and what it would bring.
pub(super) async fn view(question: &Question<'_>) -> Result<View> {
    let Question {
        app,
        period,
        currency,
        ..
    } = *question;
    let (now, days) = analytics_pages::stock(
        &mut *app.pool.acquire().await?,
        currency,
        period.from,
        period.to,
        DAYS,
    )
    .await?;
    let paths = read::sales::category_paths(&mut *app.product_db.acquire().await?).await?;
    let sum = |number: fn(&analytics_pages::Stock) -> i64| now.iter().map(number).sum::<i64>();
    let (value, units, reserved, variants) = (
        sum(|s| s.value),
        sum(|s| s.units),
        sum(|s| s.reserved),
        sum(|s| s.variants),
    );
    let day = now.first().map(|stock| long(stock.day));
    let money = |amount| Unit::Money(currency).full(amount);
    let tile = |label, value| Tile {
        label,
        value,
        change: None,
    };
    let chart = Plot {
        id: "stock",
        title: "Value of the stock".to_owned(),
        unit: Unit::Money(currency),
        along: "Day",
        labels: days.iter().map(|(day, _)| Step::Day.label(*day)).collect(),
        series: vec![Series::new(
            "Value of the stock",
            days.iter().map(|(_, value)| *value).collect(),
        )],
        table: true,
    };
    let row = |stock: &analytics_pages::Stock| {
        let name = match stock.category_id.is_nil() {
            true => "No category".to_owned(),
            false => paths
                .get(&stock.category_id)
                .cloned()
                .unwrap_or_else(|| "A category that is gone".to_owned()),
        };
        vec![
            Cell::text(name),
            Cell::count(stock.variants),
            Cell::count(stock.units),
            Cell::count(stock.reserved),
            Cell::money(stock.value, currency),
            Cell::percent(stock.value, value),
        ]
    };
    let total = match now.is_empty() {
        true => Vec::new(),
        false => vec![
            Cell::text("All"),
            Cell::count(variants),
            Cell::count(units),
            Cell::count(reserved),
            Cell::money(value, currency),
            Cell::percent(value, value),
        ],
    };
    Ok(View {
        tiles: vec![
            tile("Value in stock", money(value)),
            tile("Units in stock", Unit::Count.full(units)),
            tile("Held for orders", Unit::Count.full(reserved)),
            tile("Variants in stock", Unit::Count.full(variants)),
        ],
        chart_title: "Value of the stock by day".to_owned(),
        chart: (!days.is_empty()).then(|| chart.lines()),
        table: Table {
            columns: vec![
                text_column("Category"),
                number_column("Variants"),
                number_column("Units"),
                number_column("Held"),
                number_column(format!("Value ({currency})")),
                number_column("Share (%)"),
            ],
            rows: now.iter().map(row).collect(),
            total,
            heat: false,
        },
        notes: vec![format!(
            "Units on hand by their price now, because the shop does not know what they cost. Valued every five minutes; the last value of a day stays.{}",
            day.map_or_else(String::new, |day| format!(" The table is of {day}."))
        )],
        ..View::default()
    })
}
