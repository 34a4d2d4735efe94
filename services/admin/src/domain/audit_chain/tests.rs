use proptest::prelude::*;

use super::*;

/// A chain as the database makes it.
fn chain(texts: Vec<Vec<Option<String>>>) -> (Vec<Row>, Anchor) {
    let mut rows: Vec<Row> = vec![];
    for columns in texts {
        let seq = i64::try_from(rows.len()).unwrap() + 1;
        let mut row = Row {
            seq,
            id: Uuid::from_u128(u128::try_from(seq).unwrap()),
            format: FORMAT,
            previous: Some(rows.last().map_or(Hash::NONE, |row| row.hash.unwrap())),
            hash: None,
            columns,
        };
        row.hash = row.computed();
        rows.push(row);
    }
    let head = Anchor {
        seq: i64::try_from(rows.len()).unwrap(),
        hash: rows.last().map_or(Hash::NONE, |row| row.hash.unwrap()),
    };
    (rows, head)
}

fn walk(rows: &[Row], head: Option<Anchor>, anchors: &[Anchor]) -> Vec<Break> {
    let mut walk = Walk::new(head, anchors.to_vec());
    let mut found: Vec<Break> = rows.iter().flat_map(|row| walk.next(row)).collect();
    found.extend(walk.end());
    found
}

fn columns() -> impl Strategy<Value = Vec<Option<String>>> {
    prop::collection::vec(prop::option::of("[a-cé€]{0,3}"), 3)
}

fn chains(least: usize) -> impl Strategy<Value = (Vec<Row>, Anchor)> {
    prop::collection::vec(columns(), least..12).prop_map(chain)
}

proptest! {
    #[test]
    fn a_chain_as_it_was_written_is_whole((rows, head) in chains(0)) {
        prop_assert_eq!(walk(&rows, Some(head), &[head]), []);
    }

    #[test]
    fn any_other_value_in_any_column_is_named((mut rows, head) in chains(1), at: prop::sample::Index, column in 0..3usize, value in prop::option::of("[a-c]{0,3}")) {
        let row = at.get_mut(&mut rows);
        prop_assume!(row.columns[column] != value);
        row.columns[column] = value;
        let (seq, id) = (row.seq, row.id);
        prop_assert_eq!(walk(&rows, Some(head), &[]), [Break::Changed { seq, id }]);
    }

    #[test]
    fn a_row_written_anew_with_its_own_hash_does_not_fit_the_next((mut rows, head) in chains(1), at: prop::sample::Index, value in "[d-f]{1,3}") {
        let index = at.index(rows.len());
        rows[index].columns[0] = Some(value);
        rows[index].hash = rows[index].computed();
        let expected = match rows.get(index + 1) {
            Some(next) => Break::Unlinked { seq: next.seq, id: next.id, before: next.seq - 1 },
            None => Break::OtherHead { seq: rows[index].seq },
        };
        prop_assert_eq!(walk(&rows, Some(head), &[]), [expected]);
    }

    #[test]
    fn what_is_cut_out_is_named((mut rows, head) in chains(1), at: prop::sample::Index, length in 1..4usize) {
        let index = at.index(rows.len());
        let end = (index + length).min(rows.len());
        let (from, to) = (rows[index].seq, rows[end - 1].seq);
        let at_the_end = end == rows.len();
        rows.drain(index..end);
        let expected = if at_the_end {
            Break::Truncated { last: from - 1, head: head.seq }
        } else {
            Break::Missing { from, to }
        };
        prop_assert_eq!(walk(&rows, Some(head), &[]), [expected]);
    }

    #[test]
    fn rows_that_changed_places_are_both_named((mut rows, head) in chains(2), one: prop::sample::Index, other: prop::sample::Index) {
        let (one, other) = (one.index(rows.len()), other.index(rows.len()));
        prop_assume!(one != other);
        let (seq, id) = (rows[one].seq, rows[one].id);
        (rows[one].seq, rows[other].seq) = (rows[other].seq, seq);
        let moved = rows[one].seq;
        rows.swap(one, other);
        let found = walk(&rows, Some(head), &[]);
        let changed = Break::Changed { seq: moved, id };
        prop_assert!(found.contains(&changed));
    }

    /// Whoever owns the database can write it all anew, head and hashes; what was written down outside shows it.
    #[test]
    fn only_an_anchor_shows_a_log_that_was_written_anew((rows, _) in chains(2), at: prop::sample::Index, value in "[d-f]{1,3}") {
        let index = at.index(rows.len());
        let anchors: Vec<Anchor> = rows.iter().map(|row| Anchor { seq: row.seq, hash: row.hash.unwrap() }).collect();
        let mut texts: Vec<_> = rows.into_iter().map(|row| row.columns).collect();
        texts[index][0] = Some(value);
        let (anew, head) = chain(texts);
        prop_assert_eq!(walk(&anew, Some(head), &[]), []);
        prop_assert_eq!(walk(&anew, Some(head), &anchors[..index]), []);
        let after: Vec<Break> = anew[index..].iter().map(|row| Break::OtherAnchor { seq: row.seq, id: row.id }).collect();
        prop_assert_eq!(walk(&anew, Some(head), &anchors[index..]), after);
        let short = walk(&anew[..index], None, &anchors[index..=index]);
        prop_assert_eq!(short, [Break::NoHead, Break::NoAnchor { seq: anchors[index].seq }]);
    }

    #[test]
    fn anchors_are_written_and_read((_, head) in chains(1)) {
        prop_assert_eq!(head.to_string().parse(), Ok(head));
    }

    #[test]
    fn what_is_no_anchor_is_refused(text in "[0-9a-g:é]{0,70}") {
        if let Ok(anchor) = text.parse::<Anchor>() {
            prop_assert!(text.ends_with(&anchor.hash.to_string()));
        }
    }
}

#[test]
fn an_absent_value_is_not_an_empty_one_and_no_two_rows_read_alike() {
    let texts =
        |a: Option<&str>, b: Option<&str>| vec![vec![a.map(str::to_owned), b.map(str::to_owned)]];
    let hash = |texts| chain(texts).1.hash;
    assert_ne!(hash(texts(None, None)), hash(texts(Some(""), None)));
    assert_ne!(
        hash(texts(Some("ab"), Some("c"))),
        hash(texts(Some("a"), Some("bc")))
    );
}

#[test]
fn rows_past_the_head_and_twice_the_same_number_are_named() {
    let (mut rows, head) = chain(vec![vec![None]; 3]);
    let before = Anchor {
        seq: 2,
        hash: rows[1].hash.unwrap(),
    };
    assert_eq!(
        walk(&rows, Some(before), &[]),
        [Break::PastTheHead {
            seq: 3,
            id: rows[2].id
        }]
    );
    let mut twice = rows[1].clone();
    twice.id = Uuid::from_u128(9);
    rows.insert(2, twice);
    assert_eq!(
        walk(&rows, Some(head), &[])[0],
        Break::Repeated {
            seq: 2,
            id: Uuid::from_u128(9)
        }
    );
    rows[0].seq = 0;
    assert_eq!(
        walk(&rows, Some(head), &[])[0],
        Break::Unnumbered { id: rows[0].id }
    );
    rows[1].format = 7;
    assert!(walk(&rows, Some(head), &[]).contains(&Break::Changed {
        seq: 2,
        id: rows[1].id
    }));
}
