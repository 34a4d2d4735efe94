//! Just enough reading of pages.

/// The token that forms of a page carry.
pub(crate) fn csrf(page: &str) -> String {
    value_of(page, "csrf")
}

/// The value of the first hidden field with this name.
pub(crate) fn value_of(page: &str, name: &str) -> String {
    between(page, &format!(r#"name="{name}" value=""#), "\"").to_owned()
}

/// The text between two others.
pub(crate) fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start} in {page}"));
    rest.split_once(end)
        .unwrap_or_else(|| panic!("no {end} after {start} in {page}"))
        .0
}

/// What a reader sees: no tags, single spaces.
pub(crate) fn text(page: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    // Where a word may break is no space.
    for character in page.replace("<wbr>", "").chars() {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
pub(crate) fn assert_shows(page: &str, words: &[&str]) {
    let text = text(page);
    for word in words {
        assert!(text.contains(word), "{word:?} is not on the page: {text}");
    }
}

#[track_caller]
pub(crate) fn assert_hides(page: &str, words: &[&str]) {
    let text = text(page);
    for word in words {
        assert!(!text.contains(word), "{word:?} is on the page: {text}");
    }
}
