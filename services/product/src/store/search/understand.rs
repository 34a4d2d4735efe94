//! What typed words mean: their lexemes, the SKUs among them, and what was meant by those that nobody knows.

use sqlx::PgConnection;
use sqlx::types::Json;

use crate::domain::search::spelling::{self, Candidate};
use crate::domain::search::text::{self, Term, quoted};

/// What is looked for, as PostgreSQL is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// What a product must match, a `tsquery`.
    pub(crate) query: String,
    /// All that may be found in it, for the ranking and for highlights.
    pub(crate) any: String,
    /// The words in the title alone.
    pub(crate) title: String,
    /// The words side by side.
    pub(crate) phrase: String,
    /// SKUs and barcodes.
    pub(crate) marks: String,
    /// The lexemes of all words that may be found, to mark them.
    pub(crate) lexemes: Vec<String>,
    /// How many words there are.
    pub(crate) words: i32,
    /// The terms that are really looked for, for the next page.
    pub(crate) terms: Vec<String>,
    /// The query as it is understood, if that is not what was typed.
    pub(crate) corrected: Option<String>,
    /// What a product must match if it may lack one of the words.
    pub(crate) relaxed: Option<String>,
}

struct Row {
    kind: String,
    asked: String,
    lexemes: Vec<String>,
    sides: String,
    known: bool,
    mark: bool,
    candidates: Json<Vec<Candidate>>,
    /// Two words, each with its lexeme, that were written as one.
    parts: Vec<String>,
}

/// What the words ask for, in one statement. None if there is nothing to look for in them. With `mend`, words that are in no
/// product become the nearest that are.
pub(crate) async fn understand(
    db: &mut PgConnection,
    terms: &[Term],
    mend: bool,
) -> sqlx::Result<Option<Meaning>> {
    let (mut kinds, mut texts) = (Vec::new(), Vec::new());
    for (number, term) in terms.iter().enumerate() {
        let (kind, text) = match term {
            Term::Word(word) => ("word", word),
            Term::Phrase(phrase) => ("phrase", phrase),
            Term::Not(words) => ("not", words),
        };
        kinds.push(kind.to_owned());
        texts.push(text.clone());
        // The same word written otherwise: wi-fi or wifi, head phones or headphones.
        let (kind, other) = match (term, terms.get(number + 1)) {
            (Term::Word(word), next) => match (text::joined(word), next) {
                (Some(joined), _) => ("plain", joined),
                (None, Some(Term::Word(next))) => ("with_next", format!("{word}{next}")),
                (None, _) => ("plain", String::new()),
            },
            _ => ("plain", String::new()),
        };
        kinds.push(kind.to_owned());
        texts.push(other);
    }
    let rows = sqlx::query_file_as!(Row, "src/store/search/understand.sql", &kinds, &texts, mend)
        .fetch_all(db)
        .await?;
    Ok(Reader::default().read(&rows))
}

/// Puts the parts of a meaning together.
#[derive(Default)]
struct Reader {
    all: Vec<String>,
    without: Vec<String>,
    any: Vec<String>,
    lexemes: Vec<String>,
    title: Vec<String>,
    marks: Vec<String>,
    phrase: Vec<String>,
    terms: Vec<String>,
    corrected: bool,
    /// The word before and this one written as one, if that is known.
    with_last: Vec<String>,
}

impl Reader {
    fn read(mut self, rows: &[Row]) -> Option<Meaning> {
        for pair in rows.chunks(2) {
            let [row, other] = pair else { break };
            match row.kind.as_str() {
                "not" => {
                    self.terms.push(format!("-\"{}\"", row.asked));
                    if !row.sides.is_empty() {
                        self.without.push(format!("!({})", row.sides));
                    }
                }
                "phrase" => {
                    self.terms.push(format!("\"{}\"", row.asked));
                    if !row.sides.is_empty() {
                        self.all.push(format!("({})", row.sides));
                        self.any.extend(row.lexemes.iter().map(|l| quoted(l)));
                        self.lexemes.extend(row.lexemes.iter().cloned());
                        self.title.extend(row.lexemes.iter().map(|l| in_title(l)));
                    }
                }
                _ => self.word(row, other),
            }
        }
        if self.all.is_empty() {
            return None;
        }
        let relaxed = relaxed(&self.all, &self.without);
        self.all.extend(self.without);
        Some(Meaning {
            query: self.all.join(" & "),
            any: self.any.join(" | "),
            lexemes: self.lexemes,
            title: self.title.join(" & "),
            phrase: if self.phrase.len() > 1 {
                self.phrase.join(" <-> ")
            } else {
                String::new()
            },
            marks: self.marks.join(" | "),
            words: i32::try_from(self.title.len()).unwrap_or(i32::MAX),
            corrected: self.corrected.then(|| self.terms.join(" ")),
            terms: self.terms,
            relaxed,
        })
    }

    fn word(&mut self, row: &Row, other: &Row) {
        let (mut word, mut lexemes) = (row.asked.clone(), row.lexemes.clone());
        let mut others = std::mem::take(&mut self.with_last);
        if other.known {
            self.lexemes.extend(other.lexemes.iter().cloned());
            others.extend(other.lexemes.iter().map(|l| quoted(l)));
            if other.kind == "with_next" {
                self.with_last = others.split_off(others.len() - other.lexemes.len());
                others.extend(self.with_last.iter().cloned());
            }
        }
        if !row.known && !row.mark && others.is_empty() {
            if let Some(meant) = spelling::best(&row.asked, row.candidates.0.clone()) {
                self.corrected = true;
                lexemes = meant.lexemes;
                word = meant.word;
            } else if let [left, left_lexeme, right, right_lexeme] = row.parts.as_slice() {
                self.corrected = true;
                lexemes = vec![left_lexeme.clone(), right_lexeme.clone()];
                word = format!("{left} {right}");
            }
        }
        // A stop word says nothing.
        if lexemes.is_empty() && !row.mark {
            return;
        }
        let words: Vec<String> = lexemes.iter().map(|l| quoted(l)).collect();
        let mut ways = vec![words.join(" & ")];
        ways.extend(others);
        if row.mark {
            let mark = quoted(&format!("#{}", row.asked));
            self.marks.push(mark.clone());
            ways.push(mark);
        }
        ways.retain(|way| !way.is_empty());
        self.any.extend(words.iter().cloned());
        self.any.extend(ways.iter().skip(1).cloned());
        self.title.extend(lexemes.iter().map(|l| in_title(l)));
        self.phrase.extend(words);
        self.lexemes.extend(lexemes);
        self.all.push(format!("({})", ways.join(" | ")));
        self.terms.push(word);
    }
}

fn in_title(lexeme: &str) -> String {
    format!("{}:A", quoted(lexeme))
}

/// All words but one, whichever.
fn relaxed(all: &[String], without: &[String]) -> Option<String> {
    if all.len() < 2 {
        return None;
    }
    let ways: Vec<String> = (0..all.len())
        .map(|left_out| {
            let kept: Vec<&str> = all
                .iter()
                .enumerate()
                .filter(|(number, _)| *number != left_out)
                .map(|(_, term)| term.as_str())
                .collect();
            format!("({})", kept.join(" & "))
        })
        .collect();
    let mut parts = vec![format!("({})", ways.join(" | "))];
    parts.extend(without.iter().cloned());
    Some(parts.join(" & "))
}
