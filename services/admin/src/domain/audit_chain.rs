//! The chain of the audit log: what a row's hash is over, and what is wrong with rows that do not fit together.
//!
//! The database makes the chain (`migrations/0003_audit_chain.sql`); here it is computed once more, by another program, to prove it.
//!
//! Format 1: SHA-256 over `mercato.audit.1`, then [`Row::fields`] in their order: a byte 0 for an absent value, else a byte 1, the length in bytes as
//! four bytes (big-endian), and the bytes in UTF-8. Times are microseconds since 1970 (UTC), hashes hexadecimal, JSON as PostgreSQL writes its `jsonb`.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The only format so far.
pub(crate) const FORMAT: i16 = 1;

/// SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hash([u8; 32]);

impl Hash {
    /// What the first row has in the place of the row before it.
    pub(crate) const NONE: Self = Self([0; 32]);

    /// Nothing unless there are 32 bytes.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A place in the chain that was true at some time: written down outside of the database, it proves later that nothing before it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Anchor {
    pub(crate) seq: i64,
    pub(crate) hash: Hash,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl FromStr for Anchor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "an anchor is a row's number, a colon and 64 hexadecimal digits";
        let (seq, hex) = text.split_once(':').ok_or(wrong)?;
        let digits: Option<Vec<u8>> = hex
            .chars()
            .map(|digit| digit.to_digit(16).and_then(|it| u8::try_from(it).ok()))
            .collect();
        let digits = digits.ok_or(wrong)?;
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|two| two[0] << 4 | two[two.len() - 1])
            .collect();
        let hash = Hash::new(&bytes).filter(|_| digits.len() == 64);
        Ok(Self {
            seq: seq.parse().map_err(|_| wrong)?,
            hash: hash.ok_or(wrong)?,
        })
    }
}

/// A row as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) seq: i64,
    pub(crate) id: Uuid,
    pub(crate) format: i16,
    pub(crate) previous: Option<Hash>,
    pub(crate) hash: Option<Hash>,
    /// All other columns as text, in the order of the format.
    pub(crate) columns: Vec<Option<String>>,
}

impl Row {
    /// What its hash should be.
    fn computed(&self) -> Option<Hash> {
        let mut hasher = Sha256::new_with_prefix("mercato.audit.1");
        let links = [self.seq.to_string(), self.previous?.to_string()].map(Some);
        for field in links.iter().chain(&self.columns) {
            let Some(text) = field else {
                hasher.update([0]);
                continue;
            };
            hasher.update([1]);
            hasher.update(u32::try_from(text.len()).ok()?.to_be_bytes());
            hasher.update(text);
        }
        Some(Hash(hasher.finalize().into())).filter(|_| self.format == FORMAT)
    }
}

/// Something that nobody can do who may only add rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "broken", rename_all = "snake_case")]
pub(crate) enum Break {
    /// Its hash is not that of its columns.
    Changed { seq: i64, id: Uuid },
    /// It does not name the hash of the row before it.
    Unlinked { seq: i64, id: Uuid, before: i64 },
    /// No rows have these numbers.
    Missing { from: i64, to: i64 },
    /// Another row has its number.
    Repeated { seq: i64, id: Uuid },
    /// It has no number that the chain could have given.
    Unnumbered { id: Uuid },
    /// The last row is not the one that was written last.
    Truncated { last: i64, head: i64 },
    /// It was put in without the chain knowing.
    PastTheHead { seq: i64, id: Uuid },
    /// The last row is another than the one that was written last.
    OtherHead { seq: i64 },
    /// The row that says what was written last is gone.
    NoHead,
    /// A row is another than it was when the anchor was written down.
    OtherAnchor { seq: i64, id: Uuid },
    /// The row that the anchor is of is gone.
    NoAnchor { seq: i64 },
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { seq, id } => write!(
                f,
                "row {seq} (id {id}) was changed: its hash is not that of its columns"
            ),
            Self::Unlinked { seq, id, before: 0 } => {
                write!(
                    f,
                    "row {seq} (id {id}) is not the first that was written: what came before it is gone"
                )
            }
            Self::Unlinked { seq, id, before } => {
                write!(
                    f,
                    "row {seq} (id {id}) does not follow row {before}: one of them was changed or replaced"
                )
            }
            Self::Missing { from, to } if from == to => write!(f, "row {from} is gone"),
            Self::Missing { from, to } => write!(f, "rows {from} to {to} are gone"),
            Self::Repeated { seq, id } => write!(
                f,
                "row {seq} (id {id}) is there beside another with its number: one was put in"
            ),
            Self::Unnumbered { id } => {
                write!(f, "the row with id {id} has no number: it was put in")
            }
            Self::Truncated { last, head } => {
                write!(
                    f,
                    "the log ends with row {last}, but row {head} was written: the end is gone"
                )
            }
            Self::PastTheHead { seq, id } => {
                write!(
                    f,
                    "row {seq} (id {id}) comes after the last that was written: it was put in, or the head was set back"
                )
            }
            Self::OtherHead { seq } => write!(
                f,
                "row {seq} is not the one that was written last: it, or the head, was replaced"
            ),
            Self::NoHead => write!(f, "the head is gone: nobody can say where the log ends"),
            Self::OtherAnchor { seq, id } => {
                write!(
                    f,
                    "row {seq} (id {id}) is another than its anchor says: the log was written anew up to it"
                )
            }
            Self::NoAnchor { seq } => write!(
                f,
                "row {seq}, of which there is an anchor, is not in the log"
            ),
        }
    }
}

/// Takes the rows one by one in the order of their numbers, and keeps nothing of them but the last one's number and hash.
#[derive(Debug)]
pub(crate) struct Walk {
    seq: i64,
    hash: Option<Hash>,
    head: Option<Anchor>,
    anchors: Vec<Anchor>,
    pub(crate) rows: u64,
}

impl Walk {
    /// `head` is what the database says was written last.
    pub(crate) fn new(head: Option<Anchor>, anchors: Vec<Anchor>) -> Self {
        Self {
            seq: 0,
            hash: Some(Hash::NONE),
            head,
            anchors,
            rows: 0,
        }
    }

    /// What is wrong with the next row.
    pub(crate) fn next(&mut self, row: &Row) -> Vec<Break> {
        let (seq, id) = (row.seq, row.id);
        let mut found = vec![];
        self.rows += 1;
        if seq < 1 {
            return vec![Break::Unnumbered { id }];
        }
        if seq == self.seq {
            found.push(Break::Repeated { seq, id });
        } else if seq > self.seq + 1 {
            let (from, to) = (self.seq + 1, seq - 1);
            found.push(Break::Missing { from, to });
        } else if row.previous.is_none() || row.previous != self.hash {
            let before = self.seq;
            found.push(Break::Unlinked { seq, id, before });
        }
        if row.hash.is_none() || row.computed() != row.hash {
            found.push(Break::Changed { seq, id });
        }
        if self.head.is_some_and(|head| seq > head.seq) {
            found.push(Break::PastTheHead { seq, id });
        }
        let here = self.anchors.iter().filter(|anchor| anchor.seq == seq);
        if here.clone().any(|anchor| Some(anchor.hash) != row.hash) {
            found.push(Break::OtherAnchor { seq, id });
        }
        self.anchors.retain(|anchor| anchor.seq != seq);
        if seq != self.seq {
            (self.seq, self.hash) = (seq, row.hash);
        }
        found
    }

    /// What is wrong with the end.
    pub(crate) fn end(&self) -> Vec<Break> {
        let mut found = vec![];
        let last = self.seq;
        match self.head {
            None => found.push(Break::NoHead),
            Some(head) if head.seq > last => found.push(Break::Truncated {
                last,
                head: head.seq,
            }),
            Some(head) if head.seq == last && Some(head.hash) != self.hash => {
                found.push(Break::OtherHead { seq: last });
            }
            Some(_) => {}
        }
        let left = self.anchors.iter().filter(|anchor| anchor.seq != 0);
        found.extend(left.map(|anchor| Break::NoAnchor { seq: anchor.seq }));
        found
    }

    /// The last row, to be written down.
    pub(crate) fn last(&self) -> Option<Anchor> {
        let seq = self.seq;
        self.hash.map(|hash| Anchor { seq, hash })
    }
}

#[cfg(test)]
mod tests;
