use std::collections::BTreeMap;

use time::Date;

use super::Question;
use super::period::long;
use super::view::{Cell, Change, Table, Tile, View, number_column, text_column};
use crate::domain::sales::Measures;
use crate::error::Result;
use crate::pages::chart::{Plot, Series, Unit};
use crate::store::analytics_pages;

/// So few steps are bars; more are a line.
const BARS: usize = 14;

/// Sales by day, week or month.
pub(super) async fn view(question: &Question<'_>) -> Result<View> {
    let Question {
        app,
        period,
        currency,
        compare,
        ..
    } = *question;
    let first = if compare {
        period.before_from
    } else {
        period.from
    };
    let days =
        analytics_pages::days(&mut *app.pool.acquire().await?, currency, first, period.to).await?;
    let starts = period.starts();
    let mut now: BTreeMap<Date, Measures> = starts
        .iter()
        .map(|start| (*start, Measures::default()))
        .collect();
    let mut before = now.clone();
    let (mut sum, mut sum_before) = (Measures::default(), Measures::default());
    for (day, measures) in days {
        match period.step_of(day) {
            Some((step, false)) => {
                *now.entry(step).or_default() += measures;
                sum += measures;
            }
            Some((step, true)) => {
                *before.entry(step).or_default() += measures;
                sum_before += measures;
            }
            None => {}
        }
    }

    let net =
        |steps: &BTreeMap<Date, Measures>| steps.values().map(|measures| measures.net()).collect();
    let mut series = vec![Series::new("Net sales", net(&now))];
    if compare {
        series.push(Series::new(period.before(), net(&before)).before());
    }
    let chart = Plot {
        id: "sales",
        title: format!("Net sales, {period}"),
        unit: Unit::Money(currency),
        along: period.by.noun(),
        labels: starts.iter().map(|start| period.by.label(*start)).collect(),
        series,
        table: false,
    };
    let money = |amount| Unit::Money(currency).full(amount);
    let change = |now, before| compare.then(|| Change::of(now, before));
    let average = |measures: Measures| {
        if measures.orders == 0 {
            0
        } else {
            measures.total / measures.orders
        }
    };
    let tile = |label, value, change| Tile {
        label,
        value,
        change,
    };
    let tiles = vec![
        tile(
            "Net sales",
            money(sum.net()),
            change(sum.net(), sum_before.net()),
        ),
        tile(
            "Orders",
            Unit::Count.full(sum.orders),
            change(sum.orders, sum_before.orders),
        ),
        tile(
            "Average order",
            money(average(sum)),
            change(average(sum), average(sum_before)),
        ),
        tile(
            "Refunds",
            money(sum.refunds),
            change(sum.refunds, sum_before.refunds),
        ),
        tile(
            "Taxes that stay",
            money(sum.net_tax()),
            change(sum.net_tax(), sum_before.net_tax()),
        ),
    ];

    let mut columns = vec![text_column(period.by.noun())];
    columns.push(number_column("Orders"));
    columns.push(number_column(format!("Net sales ({currency})")));
    if compare {
        columns.push(number_column(format!("Net before ({currency})")));
    }
    let amounts = [
        "Goods",
        "Discounts",
        "Shipping",
        "Taxes",
        "Total",
        "Refunds",
        "Not taken",
        "Charged back",
    ];
    columns.extend(amounts.map(|label| number_column(format!("{label} ({currency})"))));
    columns.extend(["Units", "Cancelled"].map(number_column));
    let numbers = |m: Measures, before: Measures| {
        let mut cells = vec![Cell::count(m.orders), Cell::money(m.net(), currency)];
        if compare {
            cells.push(Cell::money(before.net(), currency));
        }
        let amounts = [
            m.gross,
            m.discounts,
            m.shipping,
            m.tax,
            m.total,
            m.refunds,
            m.released,
            m.charged_back,
        ];
        cells.extend(amounts.map(|amount| Cell::money(amount, currency)));
        cells.extend([m.units, m.cancelled].map(Cell::count));
        cells
    };
    let row = |(start, measures): (&Date, &Measures)| {
        let before = before.get(start).copied().unwrap_or_default();
        let mut row = vec![Cell::text(match period.by {
            super::period::Step::Month => period.by.label(*start),
            _ => long(*start),
        })];
        row.extend(numbers(*measures, before));
        row
    };
    let nothing = sum.is_zero() && sum_before.is_zero();
    let mut total = vec![Cell::text("All")];
    total.extend(numbers(sum, sum_before));
    Ok(View {
        tiles,
        chart_title: "Net sales".to_owned(),
        chart: Some(if starts.len() <= BARS { chart.bars() } else { chart.lines() }),
        table: Table {
            columns,
            rows: now.iter().filter(|_| !nothing).map(row).collect(),
            total: if nothing { Vec::new() } else { total },
            heat: false,
        },
        notes: vec![
            "An order counts on the day it is confirmed, a refund on the day it is done. Net sales are the total less refunds, what was not taken, and what banks took back; taxes are in it.".to_owned(),
        ],
        ..View::default()
    })
}
