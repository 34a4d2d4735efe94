//! Mails: the templates and the way to the server.

use askama::Template;
use contracts::events::{Mail, MailLine, SecondFactorChange};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use primitives::{EventId, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use shop_settings::Shop;

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
    shop: &'a str,
}

/// The HTML part, from `html/<kind>.html`.
#[derive(Template)]
#[template(path = "html.html")]
struct Html<'a> {
    mail: &'a Mail,
    shop: &'a str,
    subject: &'a str,
}

/// The name of the template, as events and staff know it.
pub(crate) fn kind(mail: &Mail) -> &'static str {
    match mail {
        Mail::VerifyEmail { .. } => "verify_email",
        Mail::ResetPassword { .. } => "reset_password",
        Mail::PasswordChanged { .. } => "password_changed",
        Mail::SessionReuse { .. } => "session_reuse",
        Mail::AccountExists { .. } => "account_exists",
        Mail::EmailChangeApprove { .. } => "email_change_approve",
        Mail::EmailChangeConfirm { .. } => "email_change_confirm",
        Mail::EmailChanged { .. } => "email_changed",
        Mail::NewDevice { .. } => "new_device",
        Mail::SecondFactorChanged { .. } => "second_factor_changed",
        Mail::IdentityLinked { .. } => "identity_linked",
        Mail::ApiKeyCreated { .. } => "api_key_created",
        Mail::DeletionScheduled { .. } => "deletion_scheduled",
        Mail::AccountDeleted { .. } => "account_deleted",
        Mail::OrderReceived { .. } => "order_received",
        Mail::OrderConfirmed { .. } => "order_confirmed",
        Mail::OrderShipped { .. } => "order_shipped",
        Mail::OrderDelivered { .. } => "order_delivered",
        Mail::OrderCancelled { .. } => "order_cancelled",
        Mail::OrderRefunded { .. } => "order_refunded",
        Mail::ReturnApproved { .. } => "return_approved",
        Mail::ReturnRejected { .. } => "return_rejected",
        Mail::ReturnReceived { .. } => "return_received",
        Mail::PriceDropped { .. } => "price_dropped",
        Mail::BackInStock { .. } => "back_in_stock",
    }
}

/// The subject, on one line whatever is filled in.
pub(crate) fn subject(mail: &Mail) -> askama::Result<String> {
    let subject = Subject { mail }.render()?;
    Ok(subject.split_whitespace().collect::<Vec<_>>().join(" "))
}

pub(crate) fn text(mail: &Mail, shop: &str) -> askama::Result<String> {
    Text { mail, shop }.render()
}

fn html(mail: &Mail, shop: &str, subject: &str) -> askama::Result<String> {
    Html {
        mail,
        shop,
        subject,
    }
    .render()
}

/// Why a mail was not taken.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server is away or busy.
    ForNow(String),
    /// The server will never take this mail.
    ForEver(String),
}

/// In whose name mails are written: what staff set, else what the environment says.
#[derive(Clone)]
pub(crate) struct Brand {
    pub(crate) shop: Shop,
    pub(crate) from: Mailbox,
    pub(crate) shop_name: String,
}

impl Brand {
    pub(crate) fn shop_name(&self) -> String {
        let set = self.shop.now().shop_name.clone();
        set.unwrap_or_else(|| self.shop_name.clone())
    }

    fn from(&self) -> Mailbox {
        let set = self.shop.now();
        let address = set.mail_address.as_ref();
        let address = address.and_then(|address| address.as_str().parse().ok());
        Mailbox {
            name: set.mail_name.clone().or_else(|| self.from.name.clone()),
            email: address.unwrap_or_else(|| self.from.email.clone()),
        }
    }
}

/// The server that takes our mails, through a pool of connections.
pub(crate) struct Postbox {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    brand: Brand,
}

impl Postbox {
    /// Connects when the first mail is sent. Needs a running Tokio, for the pool.
    pub(crate) fn new(url: &SecretString, brand: Brand) -> anyhow::Result<Self> {
        Ok(Self {
            transport: server(url)?.build(),
            brand,
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
        let (shop, from) = (self.brand.shop_name(), self.brand.from());
        let mut message = Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.brand.from.email.domain())))
            .from(from)
            .to(Mailbox::new(None, to.parse()?))
            .subject(subject)
            .multipart(MultiPart::alternative_plain_html(
                text(mail, &shop)?,
                html(mail, &shop, subject)?,
            ))?;
        let mut add = |name: &'static str, value: String| {
            let header = HeaderName::new_from_ascii_str(name);
            message
                .headers_mut()
                .insert_raw(HeaderValue::new(header, value));
        };
        // Absence notices do not answer machines (RFC 3834).
        add("Auto-Submitted", "auto-generated".to_owned());
        // Mail programs show a button for it (RFC 2369, RFC 8058).
        if let Some(url) = mail.one_click_url() {
            add("List-Unsubscribe", format!("<{url}>"));
            add(
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click".to_owned(),
            );
        }
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

/// A moment for people.
fn moment(at: &Timestamp) -> String {
    let at = at.date_time();
    format!(
        "{} {} {} at {:02}:{:02} UTC",
        at.day(),
        at.month(),
        at.year(),
        at.hour(),
        at.minute()
    )
}

/// What happened to somebody's second factors: the subject, what it means, and what to do if it was somebody else.
fn words(change: &SecondFactorChange) -> (&'static str, &'static str, &'static str) {
    use SecondFactorChange::*;
    const NOT_YOU: &str = "If it was not you, change your password at once: that signs you out everywhere else. Then remove \
        every authenticator app and passkey that is not yours.";
    match change {
        TotpAdded => (
            "An authenticator app was added to your account",
            "an authenticator app was added to your account. From now on you are asked for its code when you sign in.",
            NOT_YOU,
        ),
        TotpRemoved => (
            "The authenticator app was removed from your account",
            "the authenticator app was removed from your account. You are no longer asked for its code when you sign in.",
            NOT_YOU,
        ),
        PasskeyAdded => (
            "A passkey was added to your account",
            "a passkey was added to your account. You can sign in with it from now on.",
            NOT_YOU,
        ),
        PasskeyRemoved => (
            "A passkey was removed from your account",
            "a passkey was removed from your account. Nobody can sign in with it any more.",
            NOT_YOU,
        ),
        RecoveryCodesReplaced => (
            "You have new recovery codes",
            "your recovery codes were replaced. The old ones no longer work: keep the new ones in a safe place.",
            NOT_YOU,
        ),
        RecoveryCodeUsed => (
            "A recovery code of yours was used",
            "somebody, hopefully you, used one of your recovery codes. It does not work a second time.",
            NOT_YOU,
        ),
        ResetByStaff => (
            "The second step of your sign-in was removed",
            "our staff removed the second step of your sign-in: every authenticator app, passkey and recovery code of your \
             account. Until you set one up again, your password alone signs you in.",
            "If you did not ask us for this, change your password at once, set up a second step again, and tell us.",
        ),
    }
}

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;
