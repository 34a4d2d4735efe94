//! `email.notification` → one row.

use contracts::events::{EmailNotification, Envelope, Mail};
use messaging::{Handler, HandlerError};
use primitives::Clock;
use sqlx::PgConnection;

use crate::mail;
use crate::store::mails;

pub(crate) struct KeepMail {
    pub(crate) clock: Clock,
}

impl Handler<EmailNotification> for KeepMail {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<EmailNotification>,
    ) -> Result<(), HandlerError> {
        let EmailNotification { to, mail, .. } = &event.data;
        let new = mails::New {
            id: event.id,
            recipient: to.as_str(),
            template: mail::kind(mail),
            subject: &mail::subject(mail)
                .map_err(|error| HandlerError::Reject(format!("no subject: {error}")))?,
            content: serde_json::to_value(mail)
                .map_err(|error| HandlerError::Reject(format!("no content: {error}")))?,
            traceparent: event.traceparent.as_deref(),
            order_number: mail.order_number(),
        };
        mails::insert(tx, &new, self.clock.now()).await?;
        // After it: it is the last one to be forgotten.
        if matches!(mail, Mail::AccountDeleted { proved: true, .. }) {
            mails::forget_reader(tx, to.as_str()).await?;
        }
        Ok(())
    }
}
