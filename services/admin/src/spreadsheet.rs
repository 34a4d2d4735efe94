//! Lines of CSV files (RFC 4180) that spreadsheets may open.

/// A line. What a spreadsheet would take for a formula has an apostrophe before it, which spreadsheets hide.
pub(crate) fn line(fields: impl IntoIterator<Item = String>) -> String {
    let fields: Vec<String> = fields.into_iter().map(field).collect();
    fields.join(",") + "\r\n"
}

fn field(text: String) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let number = text.parse::<f64>().is_ok_and(f64::is_finite);
    let text = if formula && !number {
        format!("'{text}")
    } else {
        text
    };
    if text.contains([',', '"', '\r', '\n', ';']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn what_would_be_a_formula_is_text_and_all_else_as_it_is() {
        let fields = [
            "=1+1",
            "-5.20",
            "+49 89",
            "@SUM(A1)",
            "a \"b\", c",
            "",
            "two\nlines",
            "\t=1",
        ];
        assert_eq!(
            line(fields.map(str::to_owned)),
            "'=1+1,-5.20,'+49 89,'@SUM(A1),\"a \"\"b\"\", c\",,\"two\nlines\",'\t=1\r\n"
        );
    }
}
