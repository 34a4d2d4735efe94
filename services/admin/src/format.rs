//! How values look on pages: askama filters.

/// A number with its thousands apart.
pub(crate) fn thousands(number: &str) -> String {
    let whole = number
        .find(|c: char| !c.is_ascii_digit() && c != '-')
        .unwrap_or(number.len());
    let (whole, rest) = number.split_at(whole);
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if left % 3 == 0 && text.ends_with(|c: char| c.is_ascii_digit()) {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

pub(crate) mod filters {
    #![expect(unreachable_pub, reason = "askama's macro writes it")]

    use std::fmt::Display;

    use askama::Values;
    use askama::filters::Safe;
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

    /// A symbol of `assets/icons.svg`, which says nothing that words beside it do not.
    #[askama::filter_fn]
    pub(crate) fn icon(name: impl Display, _: &dyn Values) -> askama::Result<Safe<String>> {
        Ok(Safe(format!(
            r##"<svg class="icon" aria-hidden="true"><use href="/admin/assets/icons.svg#{name}"/></svg>"##
        )))
    }

    /// A number with its thousands apart, as in `168,454.47 EUR`.
    #[askama::filter_fn]
    pub(crate) fn grouped(number: impl Display, _: &dyn Values) -> askama::Result<String> {
        Ok(super::thousands(&number.to_string()))
    }

    /// The beginning of a long text, by words for people.
    #[askama::filter_fn]
    pub(crate) fn brief(text: impl Display, _: &dyn Values, most: usize) -> askama::Result<String> {
        let text = text.to_string();
        Ok(match text.char_indices().nth(most) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
            None => text,
        })
    }

    /// A difference with its sign; nothing as a dash.
    #[askama::filter_fn]
    pub(crate) fn signed(number: &i32, _: &dyn Values) -> askama::Result<String> {
        Ok(match number {
            0 => "–".to_owned(),
            1.. => format!("+{number}"),
            _ => format!("−{}", number.unsigned_abs()),
        })
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
            "cancelled" | "failed" | "rejected" | "reversed" => "bad",
            _ => "",
        })
    }
}
