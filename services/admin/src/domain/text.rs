//! Texts on one line.

/// The beginning of a text on one line, for lists.
pub(crate) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 140;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_excerpt_is_short_and_on_one_line(text in "\\PC{0,300}") {
            let short = excerpt(&text);
            prop_assert!(short.chars().count() <= 141 && !short.contains('\n'));
        }
    }
}
