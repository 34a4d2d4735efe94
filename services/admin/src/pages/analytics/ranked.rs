//! Sales by something that has a name: the largest first, fifty at a time.

use std::collections::HashMap;

use http_kit::Cursor;
use uuid::Uuid;

use super::view::{Cell, Change, Table, Tile, View, number_column, text_column};
use super::{Question, Tab};
use crate::domain::sales::{Report, UNTAXED, offer_name};
use crate::error::{PageError, Result};
use crate::pages::chart::{Unit, ranking};
use crate::read;
use crate::store::analytics_pages::{self, Ranked, Ranking};

/// Rows of a page.
const PAGE: usize = 50;
/// Bars of the chart.
const BARS: usize = 10;

/// What rows may be ordered by.
const SORTS: [(&str, &str); 5] = [
    ("", "Net sales"),
    ("units", "Units"),
    ("refunds", "Refunds"),
    ("rising", "Rising"),
    ("falling", "Falling"),
];

pub(super) async fn view(question: &Question<'_>, tab: Tab) -> Result<View> {
    let Question {
        app,
        params,
        period,
        currency,
        compare,
        ..
    } = *question;
    let (report, noun) = match tab {
        Tab::Products => (Report::Product, "Product"),
        Tab::Categories => (Report::Category, "Category"),
        Tab::Sellers => (Report::Seller, "Seller"),
        Tab::Coupons => (Report::Offer, "Coupon or promotion"),
        Tab::Countries => (Report::Country, "Country"),
        _ => (Report::Tax, "Tax"),
    };
    let sorts = SORTS.iter().filter(|(word, _)| match *word {
        "" => true,
        "rising" | "falling" => compare,
        // Taxes have one order, by what stays of them.
        _ => report != Report::Tax,
    });
    let sort = sorts
        .clone()
        .map(|(word, _)| *word)
        .find(|word| *word == params.sort)
        .unwrap_or_default();
    let broken = |_| PageError::invalid("The link to this page of the list is broken.");
    let after = params
        .cursor
        .as_ref()
        .map(|cursor| cursor.decode::<(i64, String)>().map_err(broken))
        .transpose()?;
    let ranking_of = Ranking {
        report,
        currency,
        pieces: period.pieces(compare),
        sort,
        after,
        limit: PAGE as i64 + 1,
    };
    let (asked, now) = (format!("{ranking_of:?}"), app.clock.now());
    let (mut found, as_of) = match app.rankings.get(&asked, now) {
        Some((found, as_of)) => (found, as_of),
        None => {
            let mut db = read::snapshot(&app.pool).await?;
            let found = analytics_pages::ranked(&mut db, &ranking_of).await?;
            app.rankings.keep(asked, &found, now, question.meta.as_of);
            (found, question.meta.as_of)
        }
    };
    let more = found.rows.len() > PAGE;
    found.rows.truncate(PAGE);
    let names = names(question, report, &found.rows).await?;
    let name = |row: &Ranked| {
        names
            .get(&row.key)
            .cloned()
            .unwrap_or_else(|| row.key.clone())
    };

    let next = match (more, found.rows.last()) {
        (true, Some(last)) => {
            let cursor =
                Cursor::encode(&(last.rank, &last.key)).map_err(|_| PageError::not_found())?;
            Some(format!("{}&cursor={}", question.here, cursor.as_str()))
        }
        _ => None,
    };
    let value = |row: &Ranked| match (report, sort) {
        (_, "units") => (row.now.units, Unit::Count),
        (_, "refunds") => (row.now.refunds, Unit::Money(currency)),
        (_, "rising") => (row.now.net() - row.net_before, Unit::Money(currency)),
        (_, "falling") => (row.net_before - row.now.net(), Unit::Money(currency)),
        (Report::Tax, _) => (row.now.net_tax(), Unit::Money(currency)),
        _ => (row.now.net(), Unit::Money(currency)),
    };
    let bars: Vec<(String, i64)> = found
        .rows
        .iter()
        .take(BARS)
        .map(|row| (name(row), value(row).0))
        .collect();
    let unit = found.rows.first().map_or(Unit::Count, |row| value(row).1);
    let by = SORTS
        .iter()
        .find(|(word, _)| *word == sort)
        .map_or("", |(_, label)| label);
    let chart_title = match report {
        Report::Tax if sort.is_empty() => "Taxes that stay".to_owned(),
        _ => format!("{by} by {}", noun.to_lowercase()),
    };

    let table = match report {
        Report::Tax => taxes(question, &found, name),
        _ => sales(question, &found, noun, report, name),
    };
    let all = found.all.now;
    let money = |amount| Unit::Money(currency).full(amount);
    let tile = |label, value, change| Tile {
        label,
        value,
        change,
    };
    let tiles = match report {
        Report::Tax => vec![
            tile("Tax charged", money(all.tax), None),
            tile("Tax given back", money(all.tax_back), None),
            tile("Tax that stays", money(all.net_tax()), None),
        ],
        Report::Offer => vec![tile("Given away", money(all.discounts), None)],
        _ => vec![tile(
            "Net sales",
            money(all.net()),
            compare.then(|| Change::of(all.net(), found.all.net_before)),
        )],
    };
    Ok(View {
        tiles: if params.cursor.is_none() {
            tiles
        } else {
            Vec::new()
        },
        chart: (!bars.is_empty() && params.cursor.is_none())
            .then(|| ranking("ranking", &chart_title, unit, &bars)),
        chart_title,
        table,
        notes: notes(report),
        sorts: sorts
            .map(|(word, label)| (sorted(question, word), *label, *word == sort))
            .collect(),
        next,
        as_of,
    })
}

fn sorted(question: &Question<'_>, sort: &str) -> String {
    let (path, query) = question
        .here
        .split_once('?')
        .unwrap_or((&question.here, ""));
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("sort="));
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    if !sort.is_empty() {
        pairs.push(format!("sort={sort}"));
    }
    format!("{path}?{}", pairs.join("&"))
}

fn sales(
    question: &Question<'_>,
    found: &analytics_pages::Rankings,
    noun: &str,
    report: Report,
    name: impl Fn(&Ranked) -> String,
) -> Table {
    let Question {
        currency, compare, ..
    } = *question;
    let counts_orders = report != Report::Category;
    let mut columns = vec![
        text_column(noun),
        number_column(format!("Net sales ({currency})")),
        number_column("Share (%)"),
    ];
    if compare {
        columns.push(number_column(format!("Net before ({currency})")));
    }
    if counts_orders {
        columns.push(number_column("Orders"));
    }
    columns.push(number_column("Units"));
    let amounts = ["Goods", "Discounts", "Taxes", "Total", "Given back"];
    columns.extend(amounts.map(|label| number_column(format!("{label} ({currency})"))));
    let all = found.all.now.net();
    let numbers = |row: &Ranked| {
        let m = row.now;
        let mut cells = vec![Cell::money(m.net(), currency), Cell::percent(m.net(), all)];
        if compare {
            cells.push(Cell::money(row.net_before, currency));
        }
        if counts_orders {
            cells.push(Cell::count(m.orders));
        }
        cells.push(Cell::count(m.units));
        let amounts = [m.gross, m.discounts, m.tax, m.total, m.total - m.net()];
        cells.extend(amounts.map(|amount| Cell::money(amount, currency)));
        cells
    };
    let row = |row: &Ranked| {
        let name = name(row);
        let href = match report {
            Report::Product => Some(super::super::shell::link(
                "/admin/products",
                &[("q", &name)],
            )),
            Report::Offer => row
                .key
                .strip_prefix("coupon:")
                .map(|code| super::super::shell::link("/admin/orders", &[("coupon", code)])),
            _ => None,
        };
        let mut cells = vec![match href {
            Some(href) => Cell::link(name, href),
            None => Cell::text(name),
        }];
        cells.extend(numbers(row));
        cells
    };
    let mut total = Vec::new();
    // Coupons overlap: their sum says nothing.
    if report != Report::Offer && !found.rows.is_empty() {
        total.push(Cell::text("All"));
        total.extend(numbers(&found.all));
        // Neither do orders of several products or sellers.
        if counts_orders && report != Report::Country {
            total[if compare { 4 } else { 3 }] = Cell::text("");
        }
    }
    Table {
        columns,
        rows: found.rows.iter().map(row).collect(),
        total,
        heat: false,
    }
}

fn taxes(
    question: &Question<'_>,
    found: &analytics_pages::Rankings,
    name: impl Fn(&Ranked) -> String,
) -> Table {
    let currency = question.currency;
    let mut columns = vec![text_column("Tax"), number_column("Orders")];
    let amounts = [
        "Base",
        "Tax",
        "Base given back",
        "Tax given back",
        "Base that stays",
        "Tax that stays",
    ];
    columns.extend(amounts.map(|label| number_column(format!("{label} ({currency})"))));
    let numbers = |row: &Ranked| {
        let m = row.now;
        let amounts = [
            m.gross,
            m.tax,
            m.refunds,
            m.tax_back,
            m.gross - m.refunds,
            m.net_tax(),
        ];
        amounts.map(|amount| Cell::money(amount, currency))
    };
    let row = |row: &Ranked| {
        let mut cells = vec![Cell::text(name(row)), Cell::count(row.now.orders)];
        cells.extend(numbers(row));
        cells
    };
    let mut total = Vec::new();
    if !found.rows.is_empty() {
        total.extend([Cell::text("All"), Cell::text("")]);
        total.extend(numbers(&found.all));
    }
    Table {
        columns,
        rows: found.rows.iter().map(row).collect(),
        total,
        heat: false,
    }
}

/// What people call them, each kind by one statement.
async fn names(
    question: &Question<'_>,
    report: Report,
    rows: &[Ranked],
) -> Result<HashMap<String, String>> {
    let app = question.app;
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.key.parse().ok()).collect();
    let by_id = |names: HashMap<Uuid, String>| {
        names
            .into_iter()
            .map(|(id, name)| (id.to_string(), name))
            .collect()
    };
    Ok(match report {
        Report::Product => {
            by_id(read::sales::titles(&mut *app.product_db.acquire().await?, &ids).await?)
        }
        Report::Category => {
            let mut names: HashMap<String, String> =
                by_id(read::sales::category_paths(&mut *app.product_db.acquire().await?).await?);
            let _ = names.insert(String::new(), "No category".to_owned());
            names
        }
        Report::Seller => {
            by_id(read::users::names(&mut *app.auth_db.acquire().await?, &ids).await?)
        }
        Report::Offer => rows
            .iter()
            .map(|row| (row.key.clone(), offer_name(&row.key)))
            .collect(),
        Report::Tax => rows
            .iter()
            .map(|row| (row.key.clone(), tax(&row.key)))
            .collect(),
        Report::All | Report::Country | Report::Hour => HashMap::new(),
    })
}

/// `DE/190000/VAT` as `DE, VAT 19 %`.
fn tax(key: &str) -> String {
    let mut parts = key.splitn(3, '/');
    let (country, rate, name) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    if rate == UNTAXED {
        return format!("{country}, without tax");
    }
    let ppm: u32 = rate.parse().unwrap_or_default();
    let percent = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    let percent = percent.trim_end_matches('0').trim_end_matches('.');
    format!("{country}, {name} {percent} %")
}

fn notes(report: Report) -> Vec<String> {
    let note = match report {
        Report::Product | Report::Seller => {
            "Shipping costs belong to no product. Money that went back without naming lines is shared by what is left of each."
        }
        Report::Category => {
            "Each product counts in the category that it is in now, in no category above it. An order may have products of several categories, so orders are not counted."
        }
        Report::Offer => {
            "Orders in which it was used, whole, with what it took off. An order with two of them counts in both."
        }
        Report::Country => "By the country that the order is shipped to.",
        Report::Tax => {
            "A tax is given back with the money, in proportion, as credit notes have it. A charge that a bank took back gives back no tax."
        }
        _ => return Vec::new(),
    };
    vec![note.to_owned()]
}
