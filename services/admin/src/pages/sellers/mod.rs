//! Sellers: what each offers and sold.

mod detail;
mod list;

use axum::Router;
use axum::routing::get;
use time::Date;

use crate::app::AppState;
use crate::domain::sales::Measures;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/sellers", get(list::page))
        .route("/admin/sellers/{id}", get(detail::page))
}

const SECTION: &str = "/admin/sellers";

/// The first of the last thirty days.
fn month_ago(today: Date) -> Date {
    today.checked_sub(time::Duration::days(29)).unwrap_or(today)
}

/// Which part of what was sold went back to customers, such as `3.4 %`; nothing if nothing was sold.
fn share_back(sold: Measures) -> Option<String> {
    let total = i128::from(sold.total);
    if total <= 0 {
        return None;
    }
    let back = i128::from(sold.refunds) + i128::from(sold.charged_back);
    let tenths = (back * 1000 + total / 2) / total;
    Some(format!("{}.{} %", tenths / 10, tenths % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_back_is_a_part_of_what_was_sold() {
        let sold = |total, refunds| Measures {
            total,
            refunds,
            ..Measures::default()
        };
        assert_eq!(share_back(sold(0, 0)), None);
        assert_eq!(share_back(sold(1000, 0)).as_deref(), Some("0.0 %"));
        assert_eq!(share_back(sold(3000, 1000)).as_deref(), Some("33.3 %"));
        assert_eq!(share_back(sold(1000, 1500)).as_deref(), Some("150.0 %"));
    }
}
