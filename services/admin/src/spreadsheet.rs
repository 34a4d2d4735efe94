//! CSV files (RFC 4180) that spreadsheets may open.

use axum::BoxError;
use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures::{StreamExt as _, stream};

/// A file of `<name>.csv`, all of it or a stream.
pub(crate) fn file(name: &str, body: impl Into<Body>) -> Response {
    let named = format!("attachment; filename=\"{name}.csv\"");
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, &named),
    ];
    (headers, body.into()).into_response()
}

/// A file that is sent as it is read: its first line, and from a place on `bite` by bite, each with the place after it, until there is none. If one
/// fails, the file breaks off there and the browser sees that it is not whole.
pub(crate) fn stream<Place, Bite, Failed>(
    name: &str,
    head: String,
    from: Place,
    mut bite: impl FnMut(Place) -> Bite + Send + 'static,
) -> Response
where
    Place: Send + 'static,
    Bite: Future<Output = Result<(String, Option<Place>), Failed>> + Send + 'static,
    Failed: Into<BoxError> + Send + 'static,
{
    let bites = stream::try_unfold(Some(from), move |place| {
        let read = place.map(&mut bite);
        async {
            match read {
                Some(read) => read.await.map(Some),
                None => Ok(None),
            }
        }
    });
    let head = stream::once(async { Ok(head) });
    file(name, Body::from_stream(head.chain(bites)))
}

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
