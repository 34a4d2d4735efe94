//! How values look on pages: askama filters.

pub(crate) mod filters {
    #![expect(unreachable_pub, reason = "askama's macro writes it")]

    use std::fmt::Display;

    use askama::Values;
    use primitives::Timestamp;

    /// A time for people: `21 Nov 2026, 14:05` (UTC).
    #[askama::filter_fn]
    pub(crate) fn when(at: &Timestamp, _: &dyn Values) -> askama::Result<String> {
        let at = at.date_time();
        let month = at.month().to_string();
        let month = month.get(..3).unwrap_or(&month);
        Ok(format!(
            "{} {month} {}, {:02}:{:02}",
            at.day(),
            at.year(),
            at.hour(),
            at.minute()
        ))
    }

    /// `partially_shipped` as `partially shipped`.
    #[askama::filter_fn]
    pub(crate) fn words(name: impl Display, _: &dyn Values) -> askama::Result<String> {
        Ok(name.to_string().replace('_', " "))
    }

    /// Whether a status is good news.
    #[askama::filter_fn]
    pub(crate) fn tone(status: impl Display, _: &dyn Values) -> askama::Result<&'static str> {
        Ok(match status.to_string().as_str() {
            "completed" | "paid" | "delivered" | "active" | "succeeded" => "good",
            "confirmed" | "authorized" | "shipped" | "partially_shipped" | "pending_review"
            | "partially_refunded" | "processing" => "warn",
            "cancelled" | "failed" | "rejected" => "bad",
            _ => "",
        })
    }
}
