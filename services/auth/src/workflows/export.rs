//! What the shop knows of a user, whole or not at all. Without the mails that notification keeps for a while: they repeat what the orders say.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Context as _;
use auth_token::{InternalClient, OnBehalfOf};
use contracts::internal::exports::ExportPage;
use http_kit::{Error, Result};
use primitives::UserId;
use serde_json::Value;

use crate::app::AppState;
use crate::store::{export, users};

/// How many exports one process gathers at once; others wait.
pub(crate) const AT_ONCE: usize = 2;
/// The most text of one export: some ten thousand orders. With [`AT_ONCE`] it bounds the memory.
const LONGEST: usize = 64 << 20;

/// The document as JSON. Gathered before the first byte is sent, so that nobody gets half of it: 503 if a service is away.
pub(crate) async fn export(state: &AppState, user: &OnBehalfOf) -> Result<String> {
    let _turn = state
        .exports
        .acquire()
        .await
        .map_err(|closed| Error::internal(anyhow::Error::new(closed)))?;
    let mut sections = Sections::default();
    let account = {
        let mut db = state.pool.acquire().await?;
        for (name, entries) in export::sections(&mut db, user.user_id).await? {
            sections.add(name, &entries)?;
        }
        export::account(&mut db, user.user_id)
            .await?
            .ok_or_else(|| Error::not_found("user"))?
    };
    for (client, service) in [
        (&state.order, "order"),
        (&state.product, "product"),
        (&state.admin, "admin"),
    ] {
        gather(client, service, user, &mut sections).await?;
    }
    let mut document = String::with_capacity(sections.length + 1024);
    document.push_str("{\"exported_at\":");
    document.push_str(&json(&state.clock.now())?);
    document.push_str(",\"account\":");
    document.push_str(&json(&account)?);
    for (name, entries) in sections.by_name {
        let _ = write!(document, ",{}:[{entries}]", json(&name)?);
    }
    document.push('}');
    Ok(document)
}

/// The same for a member of staff, whom the user asked for it: it is gathered in the user's name, for it is theirs.
pub(crate) async fn for_staff(state: &AppState, id: UserId) -> Result<String> {
    let user = users::find(&mut *state.pool.acquire().await?, id).await?;
    let user = user.ok_or_else(|| Error::not_found("user"))?;
    let in_their_name = OnBehalfOf {
        user_id: id,
        role: user.role,
        email: Some(user.email),
        auth_time: None,
    };
    export(state, &in_their_name).await
}

/// All pages of one service.
async fn gather(
    client: &InternalClient,
    service: &str,
    in_their_name: &OnBehalfOf,
    sections: &mut Sections,
) -> Result<()> {
    let mut cursor: Option<String> = None;
    loop {
        let mut path = format!("/internal/users/{}/export?limit=50", in_their_name.user_id);
        if let Some(cursor) = &cursor {
            let _ = write!(path, "&cursor={cursor}");
        }
        // A refusal too: a service of the release before does not know how.
        let page: ExportPage = client
            .get(&path, Some(in_their_name))
            .await
            .context(service.to_owned())
            .map_err(Error::unavailable)?;
        for (name, entries) in &page.sections {
            sections.add(name, entries)?;
        }
        if page.next_cursor.is_none() {
            return Ok(());
        }
        cursor = page.next_cursor;
    }
}

/// Entries as text: parsed they would take several times the memory.
#[derive(Default)]
struct Sections {
    by_name: BTreeMap<String, String>,
    length: usize,
}

impl Sections {
    fn add(&mut self, name: &str, entries: &[Value]) -> Result<()> {
        let section = self.by_name.entry(name.to_owned()).or_default();
        for entry in entries {
            if !section.is_empty() {
                section.push(',');
            }
            let text = json(entry)?;
            self.length += text.len() + 1;
            if self.length > LONGEST {
                return Err(Error::unavailable(anyhow::anyhow!(
                    "an export exceeds {LONGEST} bytes"
                )));
            }
            section.push_str(&text);
        }
        Ok(())
    }
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}
