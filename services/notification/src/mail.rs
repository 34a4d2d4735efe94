//! Mails: the templates and the way to the server.

use askama::Template;
use contracts::events::{Mail, MailLine};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use primitives::EventId;
use secrecy::{ExposeSecret as _, SecretString};

/// All subjects.
#[derive(Template)]
#[template(path = "subject.txt")]
struct Subject<'a> {
    mail: &'a Mail,
}

/// The text part, from `text/<kind>.txt`.
#[derive(Template)]
#[template(path = "text.txt")]
struct Text<'a> {
    mail: &'a Mail,
}

/// The HTML part, from `html/<kind>.html`.
#[derive(Template)]
#[template(path = "html.html")]
struct Html<'a> {
    mail: &'a Mail,
    subject: &'a str,
}

/// The name of the template, as events and staff know it.
pub(crate) fn kind(mail: &Mail) -> &'static str {
    match mail {
        Mail::VerifyEmail { .. } => "verify_email",
        Mail::ResetPassword { .. } => "reset_password",
        Mail::PasswordChanged { .. } => "password_changed",
        Mail::SessionReuse { .. } => "session_reuse",
        Mail::OrderReceived { .. } => "order_received",
        Mail::OrderConfirmed { .. } => "order_confirmed",
        Mail::OrderShipped { .. } => "order_shipped",
        Mail::OrderDelivered { .. } => "order_delivered",
        Mail::OrderCancelled { .. } => "order_cancelled",
        Mail::OrderRefunded { .. } => "order_refunded",
    }
}

/// The subject, on one line whatever is filled in.
pub(crate) fn subject(mail: &Mail) -> askama::Result<String> {
    let subject = Subject { mail }.render()?;
    Ok(subject.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn text(mail: &Mail) -> askama::Result<String> {
    Text { mail }.render()
}

fn html(mail: &Mail, subject: &str) -> askama::Result<String> {
    Html { mail, subject }.render()
}

/// Why a mail was not taken.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server is away or busy.
    ForNow(String),
    /// The server will never take this mail.
    ForEver(String),
}

/// The server that takes our mails, through a pool of connections.
pub(crate) struct Postbox {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Postbox {
    /// Connects when the first mail is sent. Needs a running Tokio, for the pool.
    pub(crate) fn new(url: &SecretString, from: Mailbox) -> anyhow::Result<Self> {
        Ok(Self {
            transport: server(url)?.build(),
            from,
        })
    }

    /// Hands a mail over. Its Message-ID is made from `id`, so that every try is the same mail.
    pub(crate) async fn send(
        &self,
        id: EventId,
        to: &str,
        subject: &str,
        mail: &Mail,
    ) -> Result<(), Failure> {
        let message = self
            .message(id, to, subject, mail)
            .map_err(|error| Failure::ForEver(format!("{error:#}")))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => {
                // 53x is about us (sign in, encrypt), not about this mail: somebody will mend it.
                let about_us = error
                    .status()
                    .is_some_and(|code| (530..540).contains(&u16::from(code)));
                let forever = error.is_permanent() && !about_us;
                let text = format!("{:#}", anyhow::Error::new(error));
                Err(if forever {
                    Failure::ForEver(text)
                } else {
                    Failure::ForNow(text)
                })
            }
        }
    }

    fn message(
        &self,
        id: EventId,
        to: &str,
        subject: &str,
        mail: &Mail,
    ) -> anyhow::Result<Message> {
        let mut message = Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .from(self.from.clone())
            .to(Mailbox::new(None, to.parse()?))
            .subject(subject)
            .multipart(MultiPart::alternative_plain_html(
                text(mail)?,
                html(mail, subject)?,
            ))?;
        // Absence notices do not answer machines (RFC 3834).
        let header = HeaderName::new_from_ascii_str("Auto-Submitted");
        message
            .headers_mut()
            .insert_raw(HeaderValue::new(header, "auto-generated".to_owned()));
        Ok(message)
    }
}

/// Reads `SMTP_URL`, without connecting.
pub(crate) fn server(url: &SecretString) -> anyhow::Result<AsyncSmtpTransportBuilder> {
    // A first connection must not wait for longer than a mail may take.
    let timeout = std::time::Duration::from_secs(10);
    Ok(AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())?.timeout(Some(timeout)))
}

/// A line's title, cut and padded so that the totals of a text mail stand in a column.
fn column(line: &MailLine) -> String {
    let title = format!("{} × {}", line.quantity, line.title);
    let short: String = if title.chars().count() > 50 {
        title.chars().take(49).chain(['…']).collect()
    } else {
        title
    };
    format!("{short:<50}{:>16}", line.total.to_string())
}

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;
