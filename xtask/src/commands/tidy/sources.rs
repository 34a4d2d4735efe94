//! What no source file may hold.

use std::path::Path;

use super::Violation;

pub(super) fn check(path: &Path, text: &str) -> Vec<Violation> {
    let shown = path.display().to_string();
    let mut violations = Vec::new();
    if path.file_name().is_some_and(|name| name == ".env")
        && path.parent().is_some_and(|folder| folder != Path::new(""))
    {
        violations.push(Violation::new(
            &shown,
            "one `.env` at the root holds everything: xtask reads no other, and it wins over this one",
        ));
    }
    let rust = path.extension().is_some_and(|extension| extension == "rs");
    for (index, line) in text.lines().enumerate() {
        let mut complain = |message: &str| {
            violations.push(Violation::new(format!("{shown}:{}", index + 1), message))
        };
        let code = line.trim_start();
        if is_banner(code) {
            complain("no banner comments: a file has one subject");
        }
        if !rust {
            continue;
        }
        // Written apart, so that this file does not find itself.
        if code.starts_with(concat!("#[all", "ow(")) || code.starts_with(concat!("#![all", "ow(")) {
            complain("`#[expect(lint, reason = \"…\")]` instead of `allow`");
        }
        if !path.starts_with("services") && is_query_macro(code) {
            complain(
                "query macros live in services only: here their descriptions reach the wrong `.sqlx`",
            );
        }
    }
    violations
}

/// A line like `// ---- Section ----`.
fn is_banner(code: &str) -> bool {
    let Some(comment) = ["//", "--", "#"]
        .iter()
        .find_map(|mark| code.strip_prefix(mark))
    else {
        return false;
    };
    let comment = comment.trim_start_matches(['/', '!']).trim();
    ["---", "===", "***", "###", "~~~"]
        .iter()
        .any(|run| comment.starts_with(run))
}

fn is_query_macro(code: &str) -> bool {
    !code.starts_with("//")
        && [
            "query",
            "query_as",
            "query_scalar",
            "query_file",
            "query_file_as",
            "query_file_scalar",
        ]
        .iter()
        .any(|name| {
            code.contains(&format!("sqlx::{name}!(")) || code.starts_with(&format!("{name}!("))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, text: &str) -> usize {
        check(Path::new(path), text).len()
    }

    #[test]
    fn banners_allow_and_misplaced_macros_are_found() {
        let macro_line = format!("let row = sqlx::{}!(\"SELECT 1\");\n", "query");
        assert_eq!(
            messages(
                "crates/a/src/lib.rs",
                "// ---- Types ----\n// A - b\n/// --flag\n-- x\n"
            ),
            1
        );
        assert_eq!(
            messages("crates/a/src/lib.rs", concat!("#[all", "ow(dead_code)]\n")),
            1
        );
        assert_eq!(messages("crates/a/src/lib.rs", &macro_line), 1);
        assert_eq!(messages("services/a/src/store.rs", &macro_line), 0);
        assert_eq!(messages("services/a/.env", ""), 1);
        assert_eq!(messages(".env", ""), 0);
    }
}
