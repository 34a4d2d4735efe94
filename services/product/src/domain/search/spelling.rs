//! Mending typing errors: which known word was probably meant.

/// A known word that looks like the one that was typed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Candidate {
    pub(crate) word: String,
    /// What the search knows it by.
    pub(crate) lexemes: Vec<String>,
    /// How many products have it.
    pub(crate) products: i64,
}

/// The candidate that was probably meant: the one with the fewest errors, then that begins alike, then the most frequent. None
/// if all are too far off: a wrong guess is worse than none.
pub(crate) fn best(typed: &str, candidates: Vec<Candidate>) -> Option<Candidate> {
    let typed: Vec<char> = typed.chars().collect();
    let allowed = match typed.len() {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let word: Vec<char> = candidate.word.chars().collect();
            let errors = distance(&typed, &word);
            // Few mistype the first letter; and of a short word, a second error leaves little.
            let begins_alike = typed.first() == word.first();
            let likely = errors <= allowed && (begins_alike || errors == 1);
            likely.then_some(((errors, !begins_alike, -candidate.products), candidate))
        })
        .min_by(|(left, a), (right, b)| left.cmp(right).then_with(|| a.word.cmp(&b.word)))
        .map(|(_, candidate)| candidate)
}

/// Letters added, left out, mistaken or swapped with their neighbour (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut rows = vec![0; (a.len() + 1) * width];
    let at = |i: usize, j: usize| i * width + j;
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            let value = if i == 0 || j == 0 {
                i + j
            } else {
                let differs = usize::from(a[i - 1] != b[j - 1]);
                let mut least = (rows[at(i - 1, j)] + 1)
                    .min(rows[at(i, j - 1)] + 1)
                    .min(rows[at(i - 1, j - 1)] + differs);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(rows[at(i - 2, j - 2)] + 1);
                }
                least
            };
            rows[at(i, j)] = value;
        }
    }
    rows[at(a.len(), b.len())]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidates(words: &[(&str, i64)]) -> Vec<Candidate> {
        words
            .iter()
            .map(|(word, products)| Candidate {
                word: (*word).into(),
                lexemes: vec![(*word).into()],
                products: *products,
            })
            .collect()
    }

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn the_nearest_word_wins_then_the_frequent_one() {
        let words = candidates(&[("headphones", 5), ("headphone", 2), ("homophones", 90)]);
        assert_eq!(best("hedphones", words.clone()).unwrap().word, "headphones");
        assert_eq!(best("xylophones", words).map(|found| found.word), None);
        let short = candidates(&[("red", 5), ("bed", 50)]);
        assert_eq!(
            best("rad", short.clone()).unwrap().word,
            "red",
            "begins alike"
        );
        assert_eq!(best("ra", short), None, "too short to guess");
    }

    #[test]
    fn swapped_letters_are_one_error() {
        assert_eq!(distance(&chars("hpone"), &chars("phone")), 1);
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
    }

    proptest! {
        #[test]
        fn the_distance_is_symmetric_and_zero_only_for_equals(a in "[ab]{0,7}", b in "[ab]{0,7}") {
            let (left, right) = (chars(&a), chars(&b));
            prop_assert_eq!(distance(&left, &right), distance(&right, &left));
            prop_assert_eq!(distance(&left, &right) == 0, a == b);
            prop_assert!(distance(&left, &right) <= left.len().max(right.len()));
        }
    }
}
