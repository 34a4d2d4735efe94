//! A dead letter as people read it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use messaging::dead_letters::DeadLetter;
use primitives::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// More of a payload is not shown.
const SHOWN: usize = 20_000;

/// What can be read of one.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    /// By which it is found again: an event may lie in a queue twice, after different deaths.
    pub(crate) mark: String,
    pub(crate) event_id: String,
    pub(crate) kind: String,
    /// What it happened to, such as `order:<id>`.
    pub(crate) subject: String,
    pub(crate) source: String,
    pub(crate) traceparent: String,
    pub(crate) happened: Option<Timestamp>,
    pub(crate) died: Option<Timestamp>,
    /// `poison`, `rejected`, `exhausted`, or the broker's own word.
    pub(crate) reason: String,
    pub(crate) error: String,
    pub(crate) attempts: Option<u32>,
    pub(crate) requeued: u32,
}

impl Letter {
    pub(crate) fn read(letter: &DeadLetter) -> Self {
        let envelope: Value = serde_json::from_slice(&letter.body).unwrap_or_default();
        let text = |name: &str| envelope[name].as_str().unwrap_or_default().to_owned();
        let or = |known: &Option<String>, name: &str| match known {
            Some(known) if !known.is_empty() => known.clone(),
            _ => text(name),
        };
        let time = |text: String| serde_json::from_value(text.into()).ok();
        Self {
            mark: mark(letter),
            event_id: or(&letter.event_id, "id"),
            kind: or(&letter.event_type, "type"),
            subject: text("subject"),
            source: or(&letter.source, "source"),
            traceparent: text("traceparent"),
            happened: time(text("time")),
            died: letter.died_at.clone().and_then(time),
            reason: letter.reason.clone().unwrap_or_default(),
            error: letter.error.clone().unwrap_or_default(),
            attempts: letter.attempts,
            requeued: letter.requeued,
        }
    }

    /// Why it is here, in words for people.
    pub(crate) fn why(&self) -> &'static str {
        match self.reason.as_str() {
            "poison" => "It cannot be read.",
            "rejected" => "Its reader refused it: trying again would not have helped.",
            "exhausted" => "Every try failed.",
            "delivery_limit" | "delivery-limit" => {
                "Its readers ended again and again while they had it."
            }
            "rejected_by_broker" | "expired" | "maxlen" => "The broker gave it up.",
            _ => "Nothing says why.",
        }
    }

    /// The same in a word.
    pub(crate) fn reason(&self) -> &str {
        match self.reason.as_str() {
            "poison" => "unreadable",
            "rejected" => "refused",
            "exhausted" => "gave up",
            "delivery_limit" | "delivery-limit" => "reader died",
            "" => "unknown",
            other => other,
        }
    }

    /// Where in the panel stands what it happened to.
    pub(crate) fn href(&self) -> Option<String> {
        href(&self.subject)
    }
}

/// Where in the panel stands what is named `kind:id`.
pub(crate) fn href(subject: &str) -> Option<String> {
    let (kind, id) = subject.split_once(':')?;
    let id: Uuid = id.parse().ok()?;
    let page = match kind {
        "order" => "orders",
        "product" => "products",
        "user" => "customers",
        _ => return None,
    };
    Some(format!("/admin/{page}/{id}"))
}

/// The same as long as it lies there, whoever looks at it.
pub(crate) fn mark(letter: &DeadLetter) -> String {
    let mut hash = Sha256::new();
    let parts = [
        letter.event_id.as_deref().unwrap_or_default().as_bytes(),
        letter.died_at.as_deref().unwrap_or_default().as_bytes(),
        letter.error.as_deref().unwrap_or_default().as_bytes(),
        &letter.attempts.unwrap_or_default().to_be_bytes(),
        &letter.requeued.to_be_bytes(),
        &letter.body,
    ];
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let hash = hash.finalize();
    URL_SAFE_NO_PAD.encode(hash.get(..15).unwrap_or_default())
}

/// The body for people, and whether something of it is hidden: links in mails act for who has them.
pub(crate) fn payload(body: &[u8]) -> (String, bool) {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else {
        return (shortened(&String::from_utf8_lossy(body)), false);
    };
    let hidden = hide(&mut value);
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    (shortened(&text), hidden)
}

fn hide(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter_mut().fold(false, |hidden, (name, value)| {
            let secret = name == "url"
                || name.ends_with("_url")
                || name.ends_with("token")
                || name == "code";
            if secret && value.is_string() {
                *value = "(hidden)".into();
                true
            } else {
                hide(value) || hidden
            }
        }),
        // All of them, not only the first.
        Value::Array(items) => {
            items
                .iter_mut()
                .filter_map(|item| hide(item).then_some(()))
                .count()
                > 0
        }
        _ => false,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}\n…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(body: &str) -> DeadLetter {
        DeadLetter {
            body: body.as_bytes().to_vec(),
            reason: Some("rejected".to_owned()),
            ..DeadLetter::default()
        }
    }

    #[test]
    fn links_that_act_for_somebody_are_hidden() {
        let body = r#"{"data": {"to": "a@b.c", "url": "https://shop/reset?token=s3cret", "more": [{"reset_url": "s3cret"}], "urls": 3}}"#;
        let (text, hidden) = payload(body.as_bytes());
        assert!(
            hidden && !text.contains("s3cret") && text.contains("a@b.c"),
            "{text}"
        );
        assert_eq!(
            payload(br#"{"a": 1}"#),
            ("{\n  \"a\": 1\n}".to_owned(), false)
        );
        assert_eq!(payload(b"not json\xff").0, "not json\u{fffd}");
        assert!(payload("é".repeat(SHOWN + 1).as_bytes()).0.ends_with('…'));
    }

    #[test]
    fn a_letter_is_read_as_far_as_it_can_be() {
        let read = Letter::read(&letter(
            r#"{"id": "1", "type": "order.confirmed", "subject": "order:0190f0a0-0000-7000-8000-000000000000", "time": "2026-11-21T10:00:00Z"}"#,
        ));
        assert_eq!(
            (read.kind.as_str(), read.reason()),
            ("order.confirmed", "refused")
        );
        assert_eq!(
            read.href().as_deref(),
            Some("/admin/orders/0190f0a0-0000-7000-8000-000000000000")
        );
        assert!(read.happened.is_some());
        let broken = Letter::read(&letter("<script>"));
        assert_eq!((broken.kind.as_str(), broken.href()), ("", None));
        assert_ne!(read.mark, broken.mark);
    }
}
