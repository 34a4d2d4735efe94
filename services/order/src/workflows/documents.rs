//! Invoices and credit notes are issued after the money has moved, from what the order has frozen; packing slips are made when they are asked for.

use http_kit::Result;
use primitives::{OrderId, RefundId};
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::address::Address;
use crate::domain::document::{Content, CreditNote, Heading, Invoice, Kind, Line, taxes_of_refund};
use crate::domain::order::PaymentStatus;
use crate::store;
use crate::store::documents::{Issued, New};
use crate::store::order_items::OrderItem;
use crate::store::orders::Order;

/// All documents of an order, after issuing what is due.
pub(crate) async fn of_order(app: &AppState, id: OrderId) -> Result<Vec<Issued>> {
    let mut conn = app.pool.acquire().await?;
    let Some(order) = store::orders::find(&mut conn, id).await? else {
        return Ok(Vec::new());
    };
    let issued = store::documents::of_order(&mut conn, id).await?;
    let refunds = store::documents::refunds(&mut conn, id).await?;
    drop(conn);
    let due = issued.is_empty() || refunds.iter().any(|refund| !refund.credited);
    if due && is_paid(&order) {
        return issue_due(app, id).await;
    }
    Ok(issued)
}

fn is_paid(order: &Order) -> bool {
    matches!(
        order.payment_status,
        PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded
    )
}

/// Under the order's lock, so nothing is issued twice; the counters of the numbers come last, and what fails takes no number.
async fn issue_due(app: &AppState, id: OrderId) -> Result<Vec<Issued>> {
    let mut tx = app.pool.begin().await?;
    let Some(order) = store::orders::lock(&mut tx, id).await? else {
        return Ok(Vec::new());
    };
    let mut issued = store::documents::of_order(&mut tx, id).await?;
    if issued.is_empty() && is_paid(&order) {
        let content = Content::Invoice(invoice(app, &mut tx, &order).await?);
        issue(app, &mut tx, id, None, Kind::Invoice, &content).await?;
        issued = store::documents::of_order(&mut tx, id).await?;
    }
    if credit(app, &mut tx, &order, &issued).await? {
        issued = store::documents::of_order(&mut tx, id).await?;
    }
    tx.commit().await?;
    Ok(issued)
}

/// Issues the credit notes that are due; whether there were any.
async fn credit(
    app: &AppState,
    tx: &mut PgConnection,
    order: &Order,
    issued: &[Issued],
) -> Result<bool> {
    let invoiced = issued
        .iter()
        .find_map(|document| match &document.content.0 {
            Content::Invoice(invoice) => Some((document, invoice)),
            Content::CreditNote(_) => None,
        });
    let Some((document, invoice)) = invoiced else {
        return Ok(false);
    };
    let refunds = store::documents::refunds(tx, order.id).await?;
    let (credited, due): (Vec<_>, Vec<_>) = refunds.into_iter().partition(|one| one.credited);
    // Refunds need not be done in the order in which they were asked for: what was credited counts, whenever that was.
    let mut before: i64 = credited.iter().map(|refund| refund.amount).sum();
    for refund in &due {
        let content = Content::CreditNote(CreditNote {
            heading: invoice.heading.clone(),
            invoice_number: document.number.clone(),
            invoiced_at: document.issued_at,
            amount: refund.amount,
            taxes: taxes_of_refund(&invoice.taxes, invoice.total, before, refund.amount),
        });
        let (id, kind) = (Some(refund.id), Kind::CreditNote);
        issue(app, tx, order.id, id, kind, &content).await?;
        before += refund.amount;
    }
    Ok(!due.is_empty())
}

async fn issue(
    app: &AppState,
    tx: &mut PgConnection,
    order: OrderId,
    refund: Option<RefundId>,
    kind: Kind,
    content: &Content,
) -> Result<()> {
    let now = app.clock.now();
    let seller = app.seller();
    let prefix = match kind {
        Kind::Invoice => &seller.invoice_prefix,
        Kind::CreditNote => &seller.credit_note_prefix,
    };
    let serial = store::documents::next_serial(tx, kind).await?;
    let new = New {
        kind,
        serial,
        number: &format!("{prefix}{serial:07}"),
        order,
        refund,
        content,
        at: now,
    };
    Ok(store::documents::insert(tx, new).await?)
}

async fn invoice(app: &AppState, tx: &mut PgConnection, order: &Order) -> Result<Invoice> {
    let items = store::order_items::of_orders(tx, &[order.id]).await?;
    let rates = store::documents::rates(tx, order.id).await?;
    let payment = store::payments::find_by_order(tx, order.id).await?;
    Ok(Invoice {
        heading: Heading {
            seller: app.seller().lines(),
            buyer: lines_of(&order.billing_address),
            order_number: order.number(),
            currency: order.currency,
            footer: app.seller().footer_lines(),
        },
        placed_at: order.placed_at,
        lines: items
            .iter()
            .map(|item| line(item, rates.get(&item.id).copied()))
            .collect(),
        subtotal: order.subtotal,
        discount: order.discount,
        shipping: order.shipping,
        shipping_method: order
            .shipping_method_name
            .clone()
            .unwrap_or_else(|| order.shipping_method.clone()),
        total: order.total,
        prices_include_tax: order.prices_include_tax,
        taxes: store::documents::taxes(tx, order.id).await?,
        paid: payment.map_or(0, |payment| payment.amount_captured.amount()),
    })
}

fn line(item: &OrderItem, rate_ppm: Option<i64>) -> Line {
    Line {
        sku: item.sku.as_str().to_owned(),
        title: item.title.clone(),
        options: options(item),
        quantity: item.quantity,
        unit_price: item.unit_price,
        discount: item.discount,
        tax_rate: item.tax_rate,
        rate_ppm,
    }
}

/// Such as `size: M`.
pub(crate) fn options(item: &OrderItem) -> Vec<String> {
    let options = item.options.0.iter();
    options
        .map(|(name, value)| format!("{name}: {value}"))
        .collect()
}

/// An address as it is written on an envelope.
pub(crate) fn lines_of(address: &Address) -> Vec<String> {
    let place = format!("{} {}", address.postal_code, address.city);
    [
        Some(address.name.clone()),
        Some(address.line1.clone()),
        address.line2.clone(),
        Some(place.trim().to_owned()),
        address.region.clone(),
        Some(address.country.as_str().to_owned()),
    ]
    .into_iter()
    .flatten()
    .filter(|line| !line.is_empty())
    .collect()
}
