//! ARCHITECTURE.md names things instead of linking them; what it names must be there.

use std::path::Path;

use super::Violation;

const FILE: &str = "ARCHITECTURE.md";

pub(super) fn check(root: &Path) -> Vec<Violation> {
    let Ok(text) = std::fs::read_to_string(root.join(FILE)) else {
        return vec![Violation::new(FILE, "is missing")];
    };
    paths(&text)
        .filter(|(_, path)| !root.join(path).exists())
        .map(|(line, path)| {
            Violation::new(format!("{FILE}:{line}"), format!("there is no `{path}`"))
        })
        .collect()
}

/// The words in backquotes that are paths: they have a slash, but not in front (that is a URL's path), and no placeholder.
fn paths(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(index, line)| {
        line.split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| is_path(word))
            .map(move |word| (index + 1, word))
    })
}

fn is_path(word: &str) -> bool {
    let characters = word
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    word.contains('/') && !word.starts_with('/') && characters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_urls_patterns_and_words() {
        let found: Vec<_> = paths(
            "see `crates/runtime` and `/api/orders`, `services/<name>/src`,\n`Money`, `db/init/`",
        )
        .collect();
        assert_eq!(found, [(1, "crates/runtime"), (2, "db/init/")]);
    }
}
