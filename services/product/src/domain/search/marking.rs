//! Marking found words in a text, for people to see why it was found.

/// About so many characters of a long text are shown.
const SNIPPET: usize = 200;

/// A title with its found words in `<mark>`, as HTML.
pub(crate) fn title(text: &str, lexemes: &[String]) -> String {
    mark(text, lexemes)
}

/// The part of a text around its first found word, as HTML; its beginning if there is none.
pub(crate) fn snippet(text: &str, lexemes: &[String]) -> String {
    let words = words(text);
    let first = words
        .iter()
        .position(|(from, to)| found(&text[*from..*to], lexemes))
        .unwrap_or(0);
    // Some words before it, for the context.
    let from = words.get(first.saturating_sub(5)).map_or(0, |word| word.0);
    let from = if first <= 5 { 0 } else { from };
    let to = words
        .iter()
        .map(|word| word.1)
        .find(|to| *to >= from + SNIPPET)
        .unwrap_or(text.len());
    let (start, end) = (
        if from > 0 { "… " } else { "" },
        if to < text.len() { " …" } else { "" },
    );
    format!("{start}{}{end}", mark(&text[from..to], lexemes))
}

fn mark(text: &str, lexemes: &[String]) -> String {
    let (mut html, mut done) = (String::with_capacity(text.len() + 32), 0);
    for (from, to) in words(text) {
        if found(&text[from..to], lexemes) {
            escape(&text[done..from], &mut html);
            html.push_str("<mark>");
            escape(&text[from..to], &mut html);
            html.push_str("</mark>");
            done = to;
        }
    }
    escape(&text[done..], &mut html);
    html
}

/// Where words begin and end.
fn words(text: &str) -> Vec<(usize, usize)> {
    let (mut words, mut begun) = (Vec::new(), None);
    for (at, char) in text.char_indices() {
        match (char.is_alphanumeric(), begun) {
            (true, None) => begun = Some(at),
            (false, Some(from)) => {
                words.push((from, at));
                begun = None;
            }
            _ => {}
        }
    }
    words.extend(begun.map(|from| (from, text.len())));
    words
}

/// Whether a word is a form of one that was looked for. A lexeme is a stem: what it loses or changes is at its end.
fn found(word: &str, lexemes: &[String]) -> bool {
    let word: Vec<char> = word.to_lowercase().chars().map(plain).collect();
    lexemes.iter().any(|lexeme| {
        let lexeme: Vec<char> = lexeme.chars().collect();
        let same = word.iter().zip(&lexeme).take_while(|(a, b)| a == b).count();
        let (lost, added) = (lexeme.len() - same, word.len() - same);
        match lexeme.len() {
            0..=3 => lost == 0 && added <= 1,
            4..=5 => lost == 0 && added <= 3 || lost == 1 && added == 1,
            _ => lost <= 1 && added <= 4,
        }
    })
}

/// Without the accents that most languages have.
fn plain(char: char) -> char {
    match char {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' | 'č' | 'ć' => 'c',
        'è' | 'é' | 'ê' | 'ë' | 'ě' | 'ę' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' | 'ń' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'š' | 'ś' => 's',
        'ù' | 'ú' | 'û' | 'ü' | 'ů' => 'u',
        'ý' | 'ÿ' => 'y',
        'ž' | 'ź' | 'ż' => 'z',
        other => other,
    }
}

fn escape(text: &str, html: &mut String) {
    for char in text.chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lexemes(list: &[&str]) -> Vec<String> {
        list.iter().map(|lexeme| (*lexeme).to_owned()).collect()
    }

    #[test]
    fn forms_of_a_word_are_marked_and_all_else_is_escaped() {
        let found = lexemes(&["headphon", "happi", "crème", "creme"]);
        assert_eq!(
            title("<b>Headphones</b> & Crème, happy head", &found),
            "&lt;b&gt;<mark>Headphones</mark>&lt;/b&gt; &amp; <mark>Crème</mark>, <mark>happy</mark> head"
        );
        assert_eq!(
            title("A category of cats", &lexemes(&["cat"])),
            "A category of <mark>cats</mark>"
        );
    }

    #[test]
    fn a_snippet_stands_around_the_first_word() {
        let text = format!("{} needle {}", "hay ".repeat(100), "stack ".repeat(100));
        let snippet = snippet(&text, &lexemes(&["needl"]));
        assert!(
            snippet.starts_with("… hay") && snippet.ends_with(" …"),
            "{snippet}"
        );
        assert!(snippet.contains("<mark>needle</mark>") && snippet.len() < 300);
    }

    proptest! {
        #[test]
        fn no_text_becomes_a_tag(text in ".{0,300}", word in "[a-z]{1,8}") {
            for html in [title(&text, std::slice::from_ref(&word)), snippet(&text, &[word])] {
                let rest = html.replace("<mark>", "").replace("</mark>", "");
                prop_assert!(!rest.contains(['<', '>', '"', '\'']));
            }
        }
    }
}
