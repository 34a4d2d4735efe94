//! What an order brings to the numbers, and on which day.
//!
//! - An order counts from the day it is **confirmed**: with its goods at list price (`gross`), `discounts`, `shipping`, `tax` and `total`, which
//!   is what the customer pays. An order that was never confirmed counts nowhere.
//! - Money that goes back counts on the day it goes: `refunds` when they are done (and not, from the day the bank sends one back),
//!   `charged_back` from the day of a dispute until the day it is won.
//! - What was sold but never taken is `released`: the whole of an order that is cancelled before it was charged, on that day, and the rest of one
//!   of which only a part was captured.
//! - `total - refunds - released - charged_back` is the net revenue, taxes included.
//! - Money back that names lines is theirs; the rest is shared by what is left of each line and of the shipping costs. The tax in it
//!   is that of the credit note: in proportion to the order's taxes. A dispute gives back no tax.
//! - All of it is counted by quarter hours, too: so a day that is not over can be compared with the same hours of another.

mod measures;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use time::{Date, PrimitiveDateTime};
use uuid::Uuid;

pub(crate) use measures::{MEASURES, Measures};

/// A quarter of an hour on the shop's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub(crate) day: Date,
    /// Counted from midnight.
    pub(crate) quarter: u8,
}

impl Moment {
    /// The key of a quarter hour in the sums, by when it begins: `14:15`.
    pub(crate) fn key(self) -> String {
        quarter_key(self.quarter)
    }
}

/// When a quarter hour begins: `14:15`.
pub(crate) fn quarter_key(quarter: u8) -> String {
    format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15)
}

impl From<PrimitiveDateTime> for Moment {
    fn from(at: PrimitiveDateTime) -> Self {
        Self {
            day: at.date(),
            quarter: at.hour() * 4 + at.minute() / 15,
        }
    }
}

/// An order as its owner keeps it. Moments are those of the shop's clock.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) id: Uuid,
    /// Nobody for a guest.
    pub(crate) customer: Option<Uuid>,
    pub(crate) currency: String,
    pub(crate) country: String,
    pub(crate) coupon: Option<String>,
    pub(crate) confirmed: Moment,
    pub(crate) cancelled: Option<Moment>,
    pub(crate) subtotal: i64,
    pub(crate) discount: i64,
    pub(crate) shipping: i64,
    /// Added or contained.
    pub(crate) tax: i64,
    pub(crate) total: i64,
    pub(crate) lines: Vec<Line>,
    pub(crate) taxes: Vec<Tax>,
    pub(crate) offers: Vec<Offer>,
    /// In the order in which they were written.
    pub(crate) movements: Vec<Movement>,
}

#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: Uuid,
    pub(crate) product: Uuid,
    pub(crate) seller: Uuid,
    pub(crate) units: i64,
    pub(crate) gross: i64,
    pub(crate) discount: i64,
    pub(crate) tax: i64,
    pub(crate) total: i64,
}

/// A tax of a line, or of the shipping costs.
#[derive(Debug, Clone)]
pub(crate) struct Tax {
    pub(crate) line: Option<Uuid>,
    pub(crate) name: String,
    pub(crate) rate_ppm: i32,
    pub(crate) base: i64,
    pub(crate) amount: i64,
}

/// What a coupon or a promotion took off.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) kind: String,
    pub(crate) label: String,
    pub(crate) amount: i64,
}

/// Money that came or went, as the books have it.
#[derive(Debug, Clone)]
pub(crate) struct Movement {
    pub(crate) at: Moment,
    pub(crate) kind: Kind,
    pub(crate) amount: i64,
    /// What moved: a refund and its reversal have the same.
    pub(crate) reference: String,
    /// What of it is for which line.
    pub(crate) lines: Vec<(Uuid, i64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Charged or captured.
    Taken,
    Refund,
    RefundReversed,
    Dispute,
    DisputeWon,
}

/// Which sums a number goes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Report {
    All,
    Product,
    Category,
    Seller,
    Offer,
    Country,
    Tax,
    /// By quarter hours, with keys such as `14:15`.
    Hour,
}

impl Report {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Product => "product",
            Self::Category => "category",
            Self::Seller => "seller",
            Self::Offer => "offer",
            Self::Country => "country",
            Self::Tax => "tax",
            Self::Hour => "hour",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::All,
            Self::Product,
            Self::Category,
            Self::Seller,
            Self::Offer,
            Self::Country,
            Self::Tax,
            Self::Hour,
        ];
        all.into_iter().find(|report| report.as_str() == name)
    }
}

/// What one order brings: for each report, day and key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) customer: Option<Uuid>,
    pub(crate) currency: String,
    pub(crate) parts: BTreeMap<(Report, Date, String), Measures>,
}

impl Facts {
    /// Counts an order.
    pub(crate) fn of(order: &Order) -> Self {
        let mut count = Count::new(order);
        count.sale();
        count.money();
        count.parts.retain(|_, measures| !measures.is_zero());
        Self {
            customer: order.customer,
            currency: order.currency.clone(),
            parts: count.parts,
        }
    }
}

/// The key of what was sold without any tax.
pub(crate) const UNTAXED: &str = "untaxed";

struct Count<'a> {
    order: &'a Order,
    offers: BTreeSet<String>,
    parts: BTreeMap<(Report, Date, String), Measures>,
    /// What is left of each line, and at the end of the shipping costs.
    left: Vec<i64>,
    /// How much has gone back, of which the tax went back too.
    taxed_back: i64,
}

impl<'a> Count<'a> {
    fn new(order: &'a Order) -> Self {
        let goods: i64 = order.lines.iter().map(|line| line.total).sum();
        let left = order.lines.iter().map(|line| line.total);
        Self {
            order,
            offers: offers(order).into_keys().collect(),
            parts: BTreeMap::new(),
            left: left.chain([order.total - goods]).collect(),
            taxed_back: 0,
        }
    }

    fn add(&mut self, report: Report, day: Date, key: impl Into<String>, measures: Measures) {
        *self.parts.entry((report, day, key.into())).or_default() += measures;
    }

    /// Adds to all reports that know whole orders.
    fn add_whole(&mut self, at: Moment, measures: Measures) {
        let day = at.day;
        self.add(Report::All, day, "", measures);
        self.add(Report::Hour, day, at.key(), measures);
        self.add(Report::Country, day, &self.order.country, measures);
        for offer in self.offers.clone() {
            self.add(Report::Offer, day, offer, measures);
        }
    }

    fn sale(&mut self) {
        let (order, day) = (self.order, self.order.confirmed.day);
        let whole = Measures {
            orders: 1,
            units: order.lines.iter().map(|line| line.units).sum(),
            gross: order.subtotal,
            discounts: order.discount,
            shipping: order.shipping,
            tax: order.tax,
            total: order.total,
            ..Measures::default()
        };
        self.add(Report::All, day, "", whole);
        self.add(Report::Hour, day, order.confirmed.key(), whole);
        self.add(Report::Country, day, &order.country, whole);
        for (offer, discounts) in offers(order) {
            self.add(Report::Offer, day, offer, Measures { discounts, ..whole });
        }
        for line in &order.lines {
            let measures = Measures {
                units: line.units,
                gross: line.gross,
                discounts: line.discount,
                tax: line.tax,
                total: line.total,
                ..Measures::default()
            };
            self.add(Report::Product, day, line.product, measures);
            self.add(Report::Seller, day, line.seller, measures);
        }
        let once = Measures {
            orders: 1,
            ..Measures::default()
        };
        let products: BTreeSet<Uuid> = order.lines.iter().map(|line| line.product).collect();
        for product in products {
            self.add(Report::Product, day, product, once);
        }
        let sellers: BTreeSet<Uuid> = order.lines.iter().map(|line| line.seller).collect();
        for seller in sellers {
            self.add(Report::Seller, day, seller, once);
        }
        for (key, (base, tax)) in taxes(order) {
            let measures = Measures {
                gross: base,
                tax,
                ..once
            };
            self.add(Report::Tax, day, key, measures);
        }
    }

    fn money(&mut self) {
        let order = self.order;
        let taken = || {
            order
                .movements
                .iter()
                .filter(|movement| movement.kind == Kind::Taken)
        };
        let captured: i64 = taken().map(|movement| movement.amount).sum();
        let released_on = match taken().next_back() {
            Some(last) => Some(last.at),
            None => order.cancelled,
        };
        if let Some(at) = released_on
            && captured < order.total
        {
            let shares = self.share(order.total - captured, &[]);
            self.back(at, &shares, |released| Measures {
                released,
                ..Measures::default()
            });
            self.tax_back(at, order.total - captured);
        }
        if let Some(at) = order.cancelled {
            self.add_whole(
                at,
                Measures {
                    cancelled: 1,
                    ..Measures::default()
                },
            );
        }
        let mut known: BTreeMap<(&str, bool), Vec<i64>> = BTreeMap::new();
        for movement in &order.movements {
            let (is_refund, sign) = match movement.kind {
                Kind::Taken => continue,
                Kind::Refund => (true, 1),
                Kind::RefundReversed => (true, -1),
                Kind::Dispute => (false, 1),
                Kind::DisputeWon => (false, -1),
            };
            let of = (movement.reference.as_str(), is_refund);
            let shares = match known.get(&of) {
                Some(shares) if sign < 0 && shares.iter().sum::<i64>() == movement.amount => {
                    shares.iter().map(|share| -share).collect()
                }
                _ => self.share(sign * movement.amount, &movement.lines),
            };
            self.back(movement.at, &shares, |amount| {
                if is_refund {
                    Measures {
                        refunds: amount,
                        ..Measures::default()
                    }
                } else {
                    Measures {
                        charged_back: amount,
                        ..Measures::default()
                    }
                }
            });
            if is_refund {
                self.tax_back(movement.at, sign * movement.amount);
            }
            let _ = known.insert(of, shares);
        }
    }

    /// Shares money that goes back among the lines and the shipping costs.
    fn share(&self, amount: i64, named: &[(Uuid, i64)]) -> Vec<i64> {
        let lines = &self.order.lines;
        let mut shares = vec![0; lines.len() + 1];
        for (id, part) in named {
            if let Some(at) = lines.iter().position(|line| line.id == *id) {
                // What had gone back without a name took a part of the line: more than is left of it belongs to the others.
                let left = (self.left[at] - shares[at]).max(0);
                shares[at] += if amount > 0 { (*part).min(left) } else { *part };
            }
        }
        let rest = amount - shares.iter().sum::<i64>();
        let left = std::iter::zip(&self.left, &shares)
            .map(|(left, share)| u64::try_from(left - share).unwrap_or(0));
        let weights: Vec<u64> = left.collect();
        let spread = primitives::share(rest, &weights);
        std::iter::zip(shares, spread).map(|(a, b)| a + b).collect()
    }

    /// Money went back on a day, so much of each line.
    fn back(&mut self, at: Moment, shares: &[i64], measures: impl Fn(i64) -> Measures) {
        for (left, share) in self.left.iter_mut().zip(shares) {
            *left -= share;
        }
        self.add_whole(at, measures(shares.iter().sum()));
        for (line, share) in std::iter::zip(&self.order.lines, shares) {
            self.add(Report::Product, at.day, line.product, measures(*share));
            self.add(Report::Seller, at.day, line.seller, measures(*share));
        }
    }

    /// The taxes in `amount`, rounded down over all that went back so far, as credit notes have it: what goes back whole gives back all of them.
    fn tax_back(&mut self, at: Moment, amount: i64) {
        let total = self.order.total;
        let (before, after) = (self.taxed_back, self.taxed_back + amount);
        self.taxed_back = after;
        let part = |part: i64, of: i64| {
            if total <= 0 {
                return 0;
            }
            let share = i128::from(part) * i128::from(of.clamp(0, total)) / i128::from(total);
            i64::try_from(share).unwrap_or(0)
        };
        let next = |whole| part(whole, after) - part(whole, before);
        let mut all = 0;
        for (key, (base, tax)) in taxes(self.order) {
            all += next(tax);
            let measures = Measures {
                refunds: next(base),
                tax_back: next(tax),
                ..Measures::default()
            };
            self.add(Report::Tax, at.day, key, measures);
        }
        self.add_whole(
            at,
            Measures {
                tax_back: all,
                ..Measures::default()
            },
        );
    }
}

/// What each coupon and promotion took off. The coupon is there even if it took off nothing.
fn offers(order: &Order) -> BTreeMap<String, i64> {
    let mut offers = BTreeMap::new();
    if let Some(coupon) = &order.coupon {
        let _ = offers.insert(format!("coupon:{coupon}"), 0);
    }
    for offer in &order.offers {
        // What was taken off the shipping costs does not say by whom; a coupon's label is its code.
        let is_coupon = match offer.kind.as_str() {
            "coupon" => true,
            "shipping" => order.coupon.as_ref() == Some(&offer.label),
            _ => false,
        };
        let kind = if is_coupon { "coupon" } else { "promotion" };
        *offers.entry(format!("{kind}:{}", offer.label)).or_default() += offer.amount;
    }
    offers
}

/// What people call a coupon or a promotion, by its key in the sums.
pub(crate) fn offer_name(key: &str) -> String {
    match key.split_once(':') {
        Some(("promotion", name)) => format!("{name} (promotion)"),
        Some((_, code)) => code.to_owned(),
        None => key.to_owned(),
    }
}

/// Base and amount of each tax: `DE/190000/VAT`, and `DE/untaxed` for what has none.
fn taxes(order: &Order) -> BTreeMap<String, (i64, i64)> {
    let mut taxes: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    let country = &order.country;
    for tax in &order.taxes {
        let key = format!("{country}/{}/{}", tax.rate_ppm, tax.name);
        let (base, amount) = taxes.entry(key).or_default();
        *base += tax.base;
        *amount += tax.amount;
    }
    let has_tax = |line| order.taxes.iter().any(|tax| tax.line == line);
    let goods: i64 = order.lines.iter().map(|line| line.total).sum();
    let lines = order.lines.iter().filter(|line| !has_tax(Some(line.id)));
    let untaxed: i64 = lines.map(|line| line.total).sum();
    let shipping = if has_tax(None) {
        0
    } else {
        order.total - goods
    };
    if untaxed + shipping != 0 {
        let (base, _) = taxes.entry(format!("{country}/{UNTAXED}")).or_default();
        *base += untaxed + shipping;
    }
    taxes
}
