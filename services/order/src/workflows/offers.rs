//! What sending a cart costs, one way or the other.

use http_kit::Result;
use primitives::{Currency, Quantity};

use crate::app::AppState;
use crate::domain::coupon::Coupon;
use crate::domain::pricing::Line;
use crate::domain::pricing::place::Place;
use crate::domain::pricing::shipping::{Method, NotOffered};
use crate::store::terms::Terms;
use crate::workflows::cart::{self, Shopper};
use crate::workflows::pricing;

/// A way of sending.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) code: String,
    pub(crate) name: String,
    /// What it costs, and what all costs with it; nothing is all that an empty basket costs.
    pub(crate) costs: std::result::Result<(i64, i64), NotOffered>,
}

/// The ways of sending the shopper's cart to a place, the preferred one first. Methods that do not send there are left out.
pub(crate) async fn of_cart(
    app: &AppState,
    shopper: &Shopper,
    place: &Place,
) -> Result<(Vec<Offer>, Currency)> {
    let contents = cart::read(app, shopper).await?;
    let currency = contents.currency;
    let code = contents
        .cart
        .as_ref()
        .and_then(|cart| cart.coupon.as_deref());
    let mut conn = app.pool.acquire().await?;
    let terms = pricing::terms(app, &mut conn, place, currency, code).await?;
    drop(conn);
    let lines: Vec<Line> = contents
        .lines
        .iter()
        .filter_map(|line| {
            let quantity = Quantity::try_from(line.item.quantity).ok()?;
            Some(pricing::line(line.variant.as_ref()?, quantity))
        })
        .collect();
    let offers = of_lines(app, &terms, currency, place, &lines, terms.coupon.as_ref())?;
    Ok((offers, currency))
}

/// The ways of sending lines to a place.
pub(crate) fn of_lines(
    app: &AppState,
    terms: &Terms,
    currency: Currency,
    place: &Place,
    lines: &[Line],
    coupon: Option<&Coupon>,
) -> Result<Vec<Offer>> {
    let costs = |method: &Method| -> Result<_> {
        if lines.is_empty() {
            return Ok(method.costs(place, 0, 0).map(|price| (price, 0)));
        }
        let only = std::slice::from_ref(method);
        let priced = pricing::price(app, terms, currency, place, lines, coupon, only)?;
        Ok(match priced.not_offered {
            Some(reason) => Err(reason),
            None => Ok((priced.shipping, priced.total)),
        })
    };
    let there = terms.methods.iter().filter(|method| method.sends_to(place));
    there
        .map(|method| {
            Ok(Offer {
                code: method.code.clone(),
                name: method.name.clone(),
                costs: costs(method)?,
            })
        })
        .collect()
}
