//! A mail, taken apart.

use mail_parser::{Address, MessageParser};
use primitives::{MailId, Timestamp};
use serde::Serialize;

/// A mail as the API shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// Our number for it; newer ones sort later.
    pub id: MailId,
    /// The sender's address.
    pub from: String,
    /// The recipients that the mail was delivered to.
    pub to: Vec<String>,
    /// The subject, decoded.
    pub subject: String,
    /// The text part, decoded.
    pub text: String,
    /// The HTML part, decoded; empty if there is none.
    pub html: String,
    /// When it came.
    pub received_at: Timestamp,
    /// The `Message-ID` header, without its brackets.
    #[serde(skip)]
    pub message_id: String,
    /// All of it, as it came, below our own trace headers.
    #[serde(skip)]
    pub source: Vec<u8>,
}

/// Our own trace headers, on top of what came, so that a stored mail is complete in one file.
const SENDER: &str = "X-Mailbox-From";
const RECIPIENTS: &str = "X-Mailbox-To";
const RECEIVED: &str = "X-Mailbox-Received";

impl Message {
    /// Takes a mail from SMTP: the envelope and the data.
    #[must_use]
    pub fn received(id: MailId, at: Timestamp, from: &str, to: &[String], data: &[u8]) -> Self {
        let mut source = format!(
            "{SENDER}: <{from}>\r\n{RECIPIENTS}: {}\r\n{RECEIVED}: {at}\r\n",
            to.join(",")
        )
        .into_bytes();
        source.extend_from_slice(data);
        Self::parse(id, at, source)
    }

    /// Reads a stored mail.
    #[must_use]
    pub fn stored(id: MailId, source: Vec<u8>) -> Option<Self> {
        let at = serde_json::from_value(header(&source, RECEIVED)?.into()).ok()?;
        Some(Self::parse(id, at, source))
    }

    fn parse(id: MailId, received_at: Timestamp, source: Vec<u8>) -> Self {
        let parsed = MessageParser::default().parse(&source);
        let parsed = parsed.as_ref();
        // Made-up parts are left out: the parser offers HTML for a text-only mail and text for an HTML-only one.
        let html = parsed
            .and_then(|mail| mail.html_bodies().find(|part| part.is_text_html()))
            .and_then(|part| part.text_contents());
        let text = parsed.and_then(|mail| mail.body_text(0));
        let envelope = |name| {
            header(&source, name)
                .unwrap_or_default()
                .trim_matches(['<', '>'])
                .to_owned()
        };
        let sender = parsed
            .and_then(|mail| mail.from())
            .and_then(Address::first)
            .and_then(|from| from.address());
        Self {
            id,
            from: sender.map_or_else(|| envelope(SENDER), str::to_owned),
            to: envelope(RECIPIENTS)
                .split(',')
                .filter(|to| !to.is_empty())
                .map(str::to_owned)
                .collect(),
            subject: parsed
                .and_then(|mail| mail.subject())
                .unwrap_or_default()
                .to_owned(),
            text: text
                .map(|text| text.replace("\r\n", "\n"))
                .unwrap_or_default(),
            html: html.unwrap_or_default().to_owned(),
            received_at,
            message_id: parsed
                .and_then(|mail| mail.message_id())
                .unwrap_or_default()
                .to_owned(),
            source,
        }
    }

    /// Whether it was delivered to this address.
    #[must_use]
    pub fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| to.eq_ignore_ascii_case(address))
    }
}

/// One of our own headers, which stand first and are not folded.
fn header<'a>(source: &'a [u8], name: &str) -> Option<&'a str> {
    source
        .split(|byte| *byte == b'\n')
        .take(3)
        .find_map(|line| {
            let line = std::str::from_utf8(line).ok()?;
            let (found, value) = line.split_once(": ")?;
            (found == name).then(|| value.trim_end())
        })
}
