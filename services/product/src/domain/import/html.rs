//! HTML to plain text, and back: descriptions are plain text here.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// What a browser would show as text: scripts, styles and comments are gone, blocks are lines, list items have a dash. The
/// tokens are those of the HTML standard, so nothing hides in broken markup.
pub(crate) fn to_text(html: &str) -> String {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Text::default(), TokenizerOpts::default());
    // It stops after each script, for a browser to run it.
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    tokenizer.end();
    tokenizer.sink.state.into_inner().finish()
}

/// Plain text as HTML that shows the same: paragraphs and line breaks.
pub(crate) fn from_text(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let paragraphs: Vec<String> = escaped
        .split("\n\n")
        .map(|paragraph| format!("<p>{}</p>", paragraph.replace('\n', "<br>")))
        .collect();
    paragraphs.concat()
}

#[derive(Default)]
struct Text {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    text: String,
    /// The element whose content is not shown, while in it.
    hidden: Option<String>,
    /// Line ends that come before the next word.
    breaks: usize,
    space: bool,
}

impl TokenSink for Text {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::CharacterTokens(text) if state.hidden.is_none() => state.write(&text),
            Token::TagToken(tag) => return state.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        if let Some(hidden) = &self.hidden {
            if tag.kind == TagKind::EndTag && hidden == name {
                self.hidden = None;
            }
            return TokenSinkResult::Continue;
        }
        match (name, tag.kind) {
            (
                "script" | "style" | "template" | "iframe" | "object" | "noscript" | "svg"
                | "title" | "textarea",
                TagKind::StartTag,
            ) => {
                self.hidden = (!tag.self_closing || matches!(name, "script" | "style"))
                    .then(|| name.to_owned());
                match name {
                    "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
                    "style" | "iframe" | "noscript" => {
                        return TokenSinkResult::RawData(RawKind::Rawtext);
                    }
                    "title" | "textarea" => return TokenSinkResult::RawData(RawKind::Rcdata),
                    _ => {}
                }
            }
            ("br", _) => self.breaks += 1,
            (
                "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "table"
                | "blockquote" | "pre" | "hr",
                _,
            ) => self.breaks = self.breaks.max(2),
            ("li", TagKind::StartTag) => {
                self.breaks = self.breaks.max(1);
                self.write("-\u{a0}");
            }
            (
                "li" | "div" | "tr" | "dt" | "dd" | "section" | "article" | "header" | "footer"
                | "figure",
                _,
            ) => self.breaks = self.breaks.max(1),
            ("td" | "th", TagKind::EndTag) => self.space = true,
            _ => {}
        }
        TokenSinkResult::Continue
    }

    /// Words with single spaces between.
    fn write(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                ' ' | '\n' | '\r' | '\t' => self.space = true,
                '\0' => {}
                letter => {
                    self.separate();
                    // Only ours stays together with what follows it.
                    self.text
                        .push(if letter == '\u{a0}' { ' ' } else { letter });
                }
            }
        }
    }

    fn separate(&mut self) {
        let (breaks, space) = (
            std::mem::take(&mut self.breaks),
            std::mem::take(&mut self.space),
        );
        if self.text.is_empty() {
            return;
        }
        match breaks {
            0 if space && !self.text.ends_with(' ') => self.text.push(' '),
            0 => {}
            // A list's dash directly after its list's beginning does not stand alone.
            lines => (0..lines.min(2)).for_each(|_| self.text.push('\n')),
        }
    }

    fn finish(self) -> String {
        let lines: Vec<&str> = self.text.lines().map(str::trim).collect();
        lines.join("\n").trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_description_reads_as_in_a_browser() {
        for (html, text) in [
            (
                "<p>Soft  <b>cotton</b>.</p>\n<p>Machine&nbsp;wash &amp; dry</p>",
                "Soft cotton.\n\nMachine wash & dry",
            ),
            (
                "<ul><li>One</li><li>Two <i>and</i></li></ul>After",
                "- One\n- Two and\n\nAfter",
            ),
            ("a<br>b<br/><br />c", "a\nb\n\nc"),
            (
                "<table><tr><td>Size</td><td>M</td></tr><tr><td>Fit</td><td>slim</td></tr></table>",
                "Size M\nFit slim",
            ),
            ("plain text, 3 < 4", "plain text, 3 < 4"),
            (
                "<script>alert('<p>x</p>')</script>a<style>p{}</style><!-- b -->c",
                "ac",
            ),
            (
                "<scr<script>ipt>alert(1)</script>&lt;b&gt;",
                "ipt>alert(1)<b>",
            ),
            ("", ""),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    proptest! {
        #[test]
        fn any_html_becomes_text(html in "[<>/a-z&;\"'=! \n-]{0,200}|(<(script|p|li|style|br|td)>|</(script|p|li|style)>|[a-z ]{1,4}){0,30}") {
            let text = to_text(&html);
            prop_assert_eq!(text.trim(), &text);
        }

        #[test]
        fn plain_text_survives_as_html(lines in proptest::collection::vec("[a-z<>&;]([a-z<>&; ]{0,9}[a-z<>&;])?", 1..5), gaps in proptest::collection::vec(1_usize..3, 5)) {
            let text: String = lines.iter().zip(&gaps).map(|(line, gap)| format!("{line}{}", "\n".repeat(*gap))).collect();
            let text = text.trim();
            let expected: Vec<String> = text.lines().map(|line| line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")).collect();
            prop_assert_eq!(to_text(&from_text(text)), expected.join("\n"));
        }
    }
}
