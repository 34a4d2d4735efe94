//! What stands where on each kind of document.

use primitives::{Currency, Money, Timestamp};

use super::sheet::{Column, Row, Sheet};
use crate::domain::document::{Content, CreditNote, Heading, Invoice, Line, Tax, percent};

const fn column(title: &'static str, width: u8, number: bool) -> Column {
    Column {
        title,
        number,
        width,
    }
}

/// An invoice or a credit note, as it was issued.
pub(crate) fn issued(number: &str, at: Timestamp, content: &Content) -> Sheet {
    match content {
        Content::Invoice(invoice) => self::invoice(number, at, invoice),
        Content::CreditNote(note) => credit_note(number, at, note),
    }
}

fn invoice(number: &str, at: Timestamp, invoice: &Invoice) -> Sheet {
    let currency = invoice.heading.currency;
    let money = |amount| Money::new(amount, currency).to_string();
    let mut totals = vec![("Subtotal".to_owned(), money(invoice.subtotal))];
    if invoice.discount > 0 {
        totals.push(("Discount".to_owned(), money(-invoice.discount)));
    }
    let shipping = format!("Shipping ({})", invoice.shipping_method);
    totals.push((shipping, money(invoice.shipping)));
    if !invoice.prices_include_tax {
        totals.extend(invoice.taxes.iter().map(|tax| added(tax, currency)));
    }
    totals.push(("Total".to_owned(), money(invoice.total)));
    let mut notes: Vec<String> = Vec::new();
    if invoice.prices_include_tax {
        notes.extend(invoice.taxes.iter().map(|tax| contained(tax, currency)));
    }
    notes.push(match invoice.paid {
        paid if paid >= invoice.total => "Paid in full. Thank you for your order.".to_owned(),
        paid => format!("Paid: {}. Nothing else is due.", money(paid)),
    });
    let mut sheet = headed("Invoice", number, at, &invoice.heading);
    sheet
        .facts
        .push(("Order date".to_owned(), day(invoice.placed_at)));
    Sheet {
        columns: vec![
            column("Item", 38, false),
            column("Quantity", 10, true),
            column("Unit price", 16, true),
            column("Discount", 14, true),
            column("Tax", 8, true),
            column("Amount", 14, true),
        ],
        rows: invoice
            .lines
            .iter()
            .map(|line| row(line, currency))
            .collect(),
        totals,
        notes,
        ..sheet
    }
}

/// The columns name the currency only where they must: the totals do.
fn row(line: &Line, currency: Currency) -> Row {
    let money = |amount| {
        let text = Money::new(amount, currency).to_string();
        text.split(' ').next().unwrap_or_default().to_owned()
    };
    let small = std::iter::once(line.sku.clone()).chain(line.options.iter().cloned());
    Row {
        cells: vec![
            line.title.clone(),
            line.quantity.to_string(),
            money(line.unit_price),
            if line.discount > 0 {
                money(-line.discount)
            } else {
                String::new()
            },
            percent(line.rate_ppm()),
            money(line.amount()),
        ],
        small: vec![small.collect::<Vec<_>>().join(" · ")],
    }
}

fn credit_note(number: &str, at: Timestamp, note: &CreditNote) -> Sheet {
    let currency = note.heading.currency;
    let amount = Money::new(note.amount, currency).to_string();
    let mut sheet = headed("Credit note", number, at, &note.heading);
    sheet
        .facts
        .push(("For invoice".to_owned(), note.invoice_number.clone()));
    let what = format!(
        "Refund for invoice {} of {}",
        note.invoice_number,
        day(note.invoiced_at)
    );
    let taxes = note.taxes.iter().filter(|tax| tax.amount > 0);
    Sheet {
        columns: vec![column("What", 75, false), column("Amount", 25, true)],
        rows: vec![Row {
            cells: vec![what, amount.clone()],
            small: Vec::new(),
        }],
        totals: vec![("Total refunded".to_owned(), amount)],
        notes: taxes.map(|tax| contained(tax, currency)).collect(),
        ..sheet
    }
}

/// What goes into a parcel, or what is still to be packed.
pub(crate) struct PackingSlip {
    pub(crate) seller: Vec<String>,
    pub(crate) footer: Vec<String>,
    pub(crate) recipient: Vec<String>,
    /// A name and a value each.
    pub(crate) facts: Vec<(String, String)>,
    /// SKU, title with options, and units.
    pub(crate) lines: Vec<(String, String, i32)>,
    pub(crate) note: Option<String>,
    pub(crate) order_number: String,
    pub(crate) at: Timestamp,
}

/// A list for the warehouse and the customer: no prices.
pub(crate) fn packing_slip(slip: PackingSlip) -> Sheet {
    let units: i32 = slip.lines.iter().map(|(_, _, units)| units).sum();
    let row = |(sku, title, quantity): (String, String, i32)| Row {
        cells: vec![title, sku, quantity.to_string()],
        small: Vec::new(),
    };
    let note = slip.note.map(|note| format!("Customer's note: {note}"));
    Sheet {
        title: format!("Packing slip {}", slip.order_number),
        sender: slip.seller,
        recipient: slip.recipient,
        facts: slip.facts,
        columns: vec![
            column("Item", 60, false),
            column("SKU", 25, false),
            column("Quantity", 15, true),
        ],
        rows: slip.lines.into_iter().map(row).collect(),
        totals: vec![("Units".to_owned(), units.to_string())],
        notes: note.into_iter().collect(),
        footer: slip.footer,
        date: date(slip.at),
    }
}

fn headed(title: &str, number: &str, at: Timestamp, heading: &Heading) -> Sheet {
    let facts = [
        ("Number", number.to_owned()),
        ("Date", day(at)),
        ("Order", heading.order_number.clone()),
    ];
    Sheet {
        title: format!("{title} {number}"),
        sender: heading.seller.clone(),
        recipient: heading.buyer.clone(),
        facts: facts
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        footer: heading.footer.clone(),
        date: date(at),
        ..Sheet::default()
    }
}

fn added(tax: &Tax, currency: Currency) -> (String, String) {
    let money = |amount| Money::new(amount, currency).to_string();
    let name = format!(
        "{} {} of {}",
        tax.name,
        percent(tax.rate_ppm.into()),
        money(tax.base)
    );
    (name, money(tax.amount))
}

fn contained(tax: &Tax, currency: Currency) -> String {
    let (name, amount) = added(tax, currency);
    format!("Contains {name}: {amount}.")
}

fn date(at: Timestamp) -> (u16, u8, u8) {
    let date = at.date_time().date();
    let year = u16::try_from(date.year()).unwrap_or(1970);
    (year, date.month().into(), date.day())
}

/// As ISO 8601 has it: nobody takes the month for the day.
pub(crate) fn day(at: Timestamp) -> String {
    let (year, month, day) = date(at);
    format!("{year:04}-{month:02}-{day:02}")
}
