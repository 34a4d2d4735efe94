//! From bytes to rows, as the bytes arrive: encoding, delimiter, quotes. Keeps one row at a time.

use csv_core::ReadRecordResult;

/// The longest row, in bytes.
const MAX_ROW: usize = 1024 * 1024;
/// The most columns.
const MAX_COLUMNS: usize = 1024;
/// How much of the file is looked at to find the delimiter, unless its first line ends before.
const SNIFFED: usize = 64 * 1024;

/// Why a file cannot be read. `line` is that on which the row begins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileError {
    #[error("The file is not UTF-8: line {line} {guess}. Save it as UTF-8 and send it again.")]
    NotUtf8 { line: u64, guess: &'static str },
    #[error(
        "The file is not text: line {line} has a NUL byte. Save it as CSV (UTF-8) and send it again."
    )]
    NotText { line: u64 },
    #[error(
        "The row that begins on line {line} is longer than 1 MiB. Is a quotation mark not closed?"
    )]
    RowTooLong { line: u64 },
    #[error("Line {line} has more than {MAX_COLUMNS} columns.")]
    TooManyColumns { line: u64 },
    #[error("The file is empty.")]
    Empty,
}

/// What was found out about a file.
enum Stage {
    /// The beginning, until its first line is known.
    Sniffing(Vec<u8>),
    Reading(Box<csv_core::Reader>),
}

/// Reads a file that comes in pieces. The first row that it gives is the header.
pub(crate) struct Reader {
    stage: Stage,
    cells: Vec<u8>,
    filled: usize,
    ends: Vec<usize>,
    ended: usize,
    rows: u64,
    /// Where the row began that is being read.
    line: u64,
    delimiter: u8,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Sniffing(Vec::new()),
            cells: vec![0; 4096],
            filled: 0,
            ends: vec![0; 64],
            ended: 0,
            rows: 0,
            line: 1,
            delimiter: b',',
        }
    }

    /// What is between the cells; known with the header.
    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Takes the next bytes; gives the rows that they complete.
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        rows: &mut Vec<Vec<String>>,
    ) -> Result<(), FileError> {
        if let Stage::Sniffing(beginning) = &mut self.stage {
            beginning.extend_from_slice(bytes);
            if beginning.len() < SNIFFED && !has_first_line(beginning) {
                return Ok(());
            }
            return self.begin(rows);
        }
        // An empty piece would mean the end.
        if bytes.is_empty() {
            Ok(())
        } else {
            self.read(bytes, rows)
        }
    }

    /// The end of the file; gives its last row, if no line end followed it.
    pub(crate) fn finish(&mut self, rows: &mut Vec<Vec<String>>) -> Result<(), FileError> {
        if matches!(self.stage, Stage::Sniffing(_)) {
            self.begin(rows)?;
        }
        self.read(&[], rows)?;
        if self.rows == 0 {
            Err(FileError::Empty)
        } else {
            Ok(())
        }
    }

    fn begin(&mut self, rows: &mut Vec<Vec<String>>) -> Result<(), FileError> {
        let Stage::Sniffing(beginning) = &mut self.stage else {
            return Ok(());
        };
        let beginning = std::mem::take(beginning);
        let text = beginning
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(&beginning);
        if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
            return Err(FileError::NotUtf8 {
                line: 1,
                guess: "begins as UTF-16 does",
            });
        }
        let (delimiter, text) = delimiter(text);
        self.delimiter = delimiter;
        let reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        self.stage = Stage::Reading(Box::new(reader));
        if text.is_empty() {
            Ok(())
        } else {
            self.read(text, rows)
        }
    }

    fn read(&mut self, mut bytes: &[u8], rows: &mut Vec<Vec<String>>) -> Result<(), FileError> {
        let ending = bytes.is_empty();
        let Stage::Reading(reader) = &mut self.stage else {
            return Ok(());
        };
        loop {
            let (result, read, written, ended) = reader.read_record(
                bytes,
                &mut self.cells[self.filled..],
                &mut self.ends[self.ended..],
            );
            bytes = &bytes[read..];
            self.filled += written;
            self.ended += ended;
            let line = self.line;
            match result {
                ReadRecordResult::InputEmpty if !ending => return Ok(()),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.cells.len() >= MAX_ROW => {
                    return Err(FileError::RowTooLong { line });
                }
                ReadRecordResult::OutputFull => self.cells.resize(self.cells.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if self.ends.len() >= MAX_COLUMNS => {
                    return Err(FileError::TooManyColumns { line });
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    rows.push(texts(
                        &self.cells[..self.filled],
                        &self.ends[..self.ended],
                        line,
                    )?);
                    (self.filled, self.ended) = (0, 0);
                    self.rows += 1;
                    self.line = reader.line();
                    if bytes.is_empty() && !ending {
                        return Ok(());
                    }
                }
                ReadRecordResult::End => return Ok(()),
            }
        }
    }
}

/// The cells of a row, if they are text.
fn texts(cells: &[u8], ends: &[usize], line: u64) -> Result<Vec<String>, FileError> {
    let text = std::str::from_utf8(cells).map_err(|_| FileError::NotUtf8 {
        line,
        guess: guess(cells),
    })?;
    if text.contains('\0') {
        return Err(FileError::NotText { line });
    }
    let mut begin = 0;
    ends.iter()
        .map(|end| {
            // A cell that begins or ends within a character: two halves that are no text by themselves.
            let cell = text.get(begin..*end).ok_or(FileError::NotUtf8 {
                line,
                guess: guess(cells),
            });
            begin = *end;
            cell.map(str::to_owned)
        })
        .collect()
}

/// What the bytes look like that are not UTF-8.
fn guess(bytes: &[u8]) -> &'static str {
    if bytes.iter().any(|byte| (0x80..0xa0).contains(byte)) {
        "looks like Windows-1252"
    } else {
        "looks like Latin-1 (ISO 8859-1)"
    }
}

/// Whether the first line is there, whole: a line end outside quotation marks, after something else than line ends.
fn has_first_line(text: &[u8]) -> bool {
    let mut quoted = false;
    let mut begun = false;
    text.iter().any(|byte| {
        quoted ^= *byte == b'"';
        let end = matches!(byte, b'\n' | b'\r');
        begun |= !end;
        end && begun && !quoted
    })
}

/// The delimiter that the first line has most of, outside quotation marks; and the text without the line `sep=;` by which
/// spreadsheets say it.
fn delimiter(text: &[u8]) -> (u8, &[u8]) {
    const KNOWN: [u8; 3] = [b',', b';', b'\t'];
    if let [b's', b'e', b'p', b'=', said, rest @ ..] = text
        && KNOWN.contains(said)
        && (rest.is_empty() || rest.starts_with(b"\n") || rest.starts_with(b"\r"))
    {
        return (*said, rest);
    }
    let mut counts = [0_usize; KNOWN.len()];
    let (mut quoted, mut begun) = (false, false);
    for byte in text {
        quoted ^= *byte == b'"';
        let end = matches!(byte, b'\n' | b'\r');
        begun |= !end;
        if end && begun && !quoted {
            break;
        }
        if !quoted && let Some(place) = KNOWN.iter().position(|known| known == byte) {
            counts[place] += 1;
        }
    }
    // The first of the most.
    let most = counts.iter().max().copied().unwrap_or(0);
    let place = counts.iter().position(|count| *count == most).unwrap_or(0);
    (KNOWN[place], text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<Vec<String>>, FileError> {
        let (mut reader, mut rows) = (Reader::new(), Vec::new());
        for piece in pieces {
            reader.feed(piece, &mut rows)?;
        }
        reader.finish(&mut rows)?;
        Ok(rows)
    }

    fn rows(rows: &[&[&str]]) -> Result<Vec<Vec<String>>, FileError> {
        Ok(rows
            .iter()
            .map(|row| row.iter().map(|cell| (*cell).to_owned()).collect())
            .collect())
    }

    #[test]
    fn delimiters_byte_order_marks_and_quotes_are_understood() {
        for text in [
            "a,b\n1,\"x\ny\"\n",
            "a;b\r\n1;\"x\ny\"",
            "\u{feff}a\tb\n1\t\"x\ny\"\n",
            "sep=;\r\na;b\r\n1;\"x\ny\"\r\n",
            "\n\na,b\n\n1,\"x\ny\"\n\n",
        ] {
            assert_eq!(
                read(&[text.as_bytes()]),
                rows(&[&["a", "b"], &["1", "x\ny"]]),
                "{text:?}"
            );
        }
        assert_eq!(read(&[b"\"a,b\";c\n"]), rows(&[&["a,b", "c"]]));
        assert_eq!(
            read(&[b"a,b\n\"say \"\"hi\"\"\",\n"]),
            rows(&[&["a", "b"], &["say \"hi\"", ""]])
        );
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert_eq!(
            read(&[b"a,b\nK\xf6ln,1\n"]),
            Err(FileError::NotUtf8 {
                line: 2,
                guess: "looks like Latin-1 (ISO 8859-1)"
            })
        );
        assert_eq!(
            read(&[b"a\n\x80uro\n"]),
            Err(FileError::NotUtf8 {
                line: 2,
                guess: "looks like Windows-1252"
            })
        );
        assert_eq!(
            read(&[b"\xff\xfea\0,\0"]),
            Err(FileError::NotUtf8 {
                line: 1,
                guess: "begins as UTF-16 does"
            })
        );
        assert_eq!(read(&[b"a\nx\0y\n"]), Err(FileError::NotText { line: 2 }));
        for empty in [&b""[..], b"\n\r\n", b"\xef\xbb\xbf"] {
            assert_eq!(read(&[empty]), Err(FileError::Empty));
        }
        let endless = [b"a,b\n1,\"".to_vec(), vec![b'x'; MAX_ROW + 1]].concat();
        assert!(matches!(
            read(&[&endless]),
            Err(FileError::RowTooLong { .. })
        ));
        let wide = vec![b','; MAX_COLUMNS];
        assert!(matches!(
            read(&[&wide]),
            Err(FileError::TooManyColumns { .. })
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn any_bytes_are_rows_or_an_error(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b','), Just(b'\n')], 0..400)) {
            let _ = read(&[&bytes]);
        }

        #[test]
        fn how_a_file_is_cut_into_pieces_does_not_matter(text in "[a-z\",;\n\r\tä€ ]{0,200}", size in 1_usize..40) {
            let whole = read(&[text.as_bytes()]);
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            prop_assert_eq!(read(&pieces), whole);
        }

        #[test]
        fn what_was_written_is_read(table in proptest::collection::vec(proptest::collection::vec("[a-z\",;\n\r\t'= ä]{1,12}", 3), 1..6)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            // A heading decides the delimiter.
            writer.write_record(["a", "b", "c"]).unwrap();
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            prop_assert_eq!(&read(&[&bytes]).unwrap()[1..], &table[..]);
        }
    }
}
