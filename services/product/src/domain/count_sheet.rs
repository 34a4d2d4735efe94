//! The CSV of a stock-take, read as it comes in: `sku,location,counted`, in any order of columns, `location` may be absent. Separated
//! by commas, semicolons or tabs, as spreadsheets write it.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::text::Units;

/// No row is longer.
const MAX_ROW: usize = 4 * 1024;
/// More than are known, so that unknown ones can be named.
const MAX_COLUMNS: usize = 64;

/// What was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// As spreadsheets number rows: the first below the header is 2.
    pub(crate) number: u64,
    pub(crate) sku: String,
    /// A place's code; none means the first active place.
    pub(crate) location: Option<String>,
    /// None if it is no number of units.
    pub(crate) counted: Option<i32>,
}

/// Why a sheet cannot be read any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SheetError {
    #[error(
        "the first row must name the columns sku and counted, and may name location; {0:?} is missing"
    )]
    Missing(&'static str),
    #[error("{0:?} is not a known column: sku, location, counted")]
    Unknown(String),
    #[error("row {0} is longer than {MAX_ROW} bytes or has too many columns")]
    TooLong(u64),
}

#[derive(Debug, Clone, Copy)]
struct Columns {
    sku: usize,
    counted: usize,
    location: Option<usize>,
}

/// A sheet that comes in pieces.
pub(crate) struct Sheet {
    /// None until the first row is there and shows what separates columns.
    reader: Option<Reader>,
    head: Vec<u8>,
    columns: Option<Columns>,
    /// The row that is being read.
    text: Vec<u8>,
    text_len: usize,
    ends: Vec<usize>,
    ends_len: usize,
    number: u64,
}

impl Default for Sheet {
    fn default() -> Self {
        Self {
            reader: None,
            head: Vec::new(),
            columns: None,
            text: vec![0; MAX_ROW],
            text_len: 0,
            ends: vec![0; MAX_COLUMNS],
            ends_len: 0,
            number: 0,
        }
    }
}

impl Sheet {
    /// Reads on; adds the rows that are whole now.
    pub(crate) fn push(&mut self, bytes: &[u8], rows: &mut Vec<Row>) -> Result<(), SheetError> {
        if self.reader.is_some() {
            return self.read(bytes, rows);
        }
        self.head.extend_from_slice(bytes);
        if self.head.contains(&b'\n') || self.head.len() > MAX_ROW {
            self.begin(rows)?;
        }
        Ok(())
    }

    /// Reads what is left.
    pub(crate) fn finish(mut self, rows: &mut Vec<Row>) -> Result<(), SheetError> {
        if self.reader.is_none() {
            self.begin(rows)?;
        }
        // An empty piece tells the reader that this is the end.
        self.read(&[], rows)?;
        self.columns.map(drop).ok_or(SheetError::Missing("sku"))
    }

    fn begin(&mut self, rows: &mut Vec<Row>) -> Result<(), SheetError> {
        let head = std::mem::take(&mut self.head);
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
        let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let separator = [b',', b';', b'\t']
            .into_iter()
            .find(|separator| first.contains(separator));
        let separator = separator.unwrap_or(b',');
        self.reader = Some(ReaderBuilder::new().delimiter(separator).build());
        self.read(head, rows)
    }

    fn read(&mut self, mut bytes: &[u8], rows: &mut Vec<Row>) -> Result<(), SheetError> {
        let at_end = bytes.is_empty();
        loop {
            let (Some(reader), Some(text), Some(ends)) = (
                self.reader.as_mut(),
                self.text.get_mut(self.text_len..),
                self.ends.get_mut(self.ends_len..),
            ) else {
                return Err(SheetError::TooLong(self.number + 1));
            };
            let (result, read, written, ended) = reader.read_record(bytes, text, ends);
            bytes = bytes.get(read..).unwrap_or_default();
            self.text_len += written;
            self.ends_len += ended;
            match result {
                ReadRecordResult::Record => self.row(rows)?,
                ReadRecordResult::InputEmpty if at_end => {}
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return Ok(()),
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(SheetError::TooLong(self.number + 1));
                }
            }
            if bytes.is_empty() && !at_end {
                return Ok(());
            }
        }
    }

    fn row(&mut self, rows: &mut Vec<Row>) -> Result<(), SheetError> {
        self.number += 1;
        let mut start = 0;
        let ends = self.ends.get(..self.ends_len).unwrap_or_default();
        let fields: Vec<String> = ends
            .iter()
            .map(|end| {
                let field = self.text.get(start..*end).unwrap_or_default();
                start = *end;
                String::from_utf8_lossy(field).trim().to_owned()
            })
            .collect();
        (self.text_len, self.ends_len) = (0, 0);
        let Some(columns) = self.columns else {
            self.columns = Some(header(&fields)?);
            return Ok(());
        };
        if fields.iter().all(String::is_empty) {
            return Ok(());
        }
        let field = |at: usize| fields.get(at).map_or("", String::as_str);
        let location = columns.location.map(field);
        rows.push(Row {
            number: self.number,
            sku: field(columns.sku).to_owned(),
            location: location.filter(|code| !code.is_empty()).map(str::to_owned),
            counted: field(columns.counted)
                .parse::<i64>()
                .ok()
                .and_then(|units| Units::try_from(units).ok())
                .map(Units::get),
        });
        Ok(())
    }
}

fn header(fields: &[String]) -> Result<Columns, SheetError> {
    let names: Vec<String> = fields
        .iter()
        .map(|field| field.to_ascii_lowercase())
        .collect();
    let known = ["sku", "location", "counted"];
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let name: String = unknown.chars().take(50).collect();
        return Err(SheetError::Unknown(name));
    }
    let find = |wanted: &str| names.iter().position(|name| name == wanted);
    Ok(Columns {
        sku: find("sku").ok_or(SheetError::Missing("sku"))?,
        counted: find("counted").ok_or(SheetError::Missing("counted"))?,
        location: find("location"),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<Row>, SheetError> {
        let (mut sheet, mut rows) = (Sheet::default(), Vec::new());
        for piece in pieces {
            sheet.push(piece, &mut rows)?;
        }
        sheet.finish(&mut rows)?;
        Ok(rows)
    }

    fn row(number: u64, sku: &str, location: Option<&str>, counted: Option<i32>) -> Row {
        Row {
            number,
            sku: sku.to_owned(),
            location: location.map(str::to_owned),
            counted,
        }
    }

    #[test]
    fn sheets_of_all_kinds_are_read() {
        let expected = vec![
            row(2, "A,1", Some("main"), Some(5)),
            row(4, "B", None, None),
        ];
        for sheet in [
            "sku,location,counted\n\"A,1\",main,5\n,,\nB,,many",
            "\u{feff}SKU;Location;Counted\r\nA,1;main;5\r\n;;\r\nB;;-1\r\n",
            "counted\tlocation\tsku\n 5 \tmain\tA,1\n\t\t\n1000001\t\tB\n",
        ] {
            assert_eq!(read(&[sheet.as_bytes()]), Ok(expected.clone()), "{sheet}");
        }
        assert_eq!(read(&[b"sku,counted"]), Ok(vec![]));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert_eq!(read(&[]), Err(SheetError::Missing("sku")));
        assert_eq!(read(&[b"sku\nA\n"]), Err(SheetError::Missing("counted")));
        assert_eq!(
            read(&[b"sku,amount\n"]),
            Err(SheetError::Unknown("amount".to_owned()))
        );
        let long = format!("sku,counted\n{},1\n", "x".repeat(MAX_ROW + 1));
        assert_eq!(read(&[long.as_bytes()]), Err(SheetError::TooLong(2)));
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(rows in prop::collection::vec(("[ -~]{0,12}", 0..100), 0..9), cut in 0_usize..200) {
            let mut sheet = "sku,counted\n".to_owned();
            for (sku, counted) in &rows {
                sheet.push_str(&format!("\"{}\",{counted}\n", sku.replace('"', "\"\"")));
            }
            let bytes = sheet.as_bytes();
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            let whole = read(&[bytes]);
            prop_assert_eq!(whole.as_ref().unwrap().len(), rows.len());
            prop_assert_eq!(read(&[first, second]), whole);
        }

        #[test]
        fn no_bytes_break_it(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..5)) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let _ = read(&pieces);
        }
    }
}
