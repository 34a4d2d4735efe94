//! Changing what holds for the whole shop: the values, the event that tells every process, and the row of the audit log, or none of them.

use contracts::events::{SettingsChanged, ShopSettings};
use serde_json::{Map, Value, json};

use super::audit;
use crate::app::AppState;
use crate::session::Session;
use crate::store;
use crate::store::audit::CHANGED;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Changed,
    /// All of it was so already.
    Same,
    /// Somebody else was faster.
    Conflict,
}

/// `version` is that of the values that the form showed.
pub(crate) async fn change(
    app: &AppState,
    session: &Session,
    version: i64,
    settings: ShopSettings,
) -> anyhow::Result<Outcome> {
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    let known = store::settings::lock(&mut tx).await?;
    if known.version != version {
        return Ok(Outcome::Conflict);
    }
    let (before, after) = differing(&known.settings, &settings)?;
    if before == after {
        return Ok(Outcome::Same);
    }
    let news = SettingsChanged {
        version: version + 1,
        settings,
    };
    store::settings::save(&mut tx, &news, now).await?;
    app.publisher.publish(&mut tx, &news).await?;
    let details = json!({ "version": news.version });
    let entry = audit::entry(
        app,
        session.actor(),
        "settings.change",
        "settings:shop",
        CHANGED,
        details,
    );
    store::audit::insert_change(&mut tx, &entry, session.role, &before, &after).await?;
    tx.commit().await?;
    // The event comes to this process, too; whoever sent the form should see it on the next page.
    app.shop.learn(news);
    Ok(Outcome::Changed)
}

/// The values of both that are not the same, by their names.
fn differing(before: &ShopSettings, after: &ShopSettings) -> serde_json::Result<(Value, Value)> {
    let (before, after) = (serde_json::to_value(before)?, serde_json::to_value(after)?);
    let only = |these: &Value, others: &Value| {
        let fields = these.as_object().into_iter().flatten();
        let fields = fields.filter(|(name, value)| others.get(name) != Some(value));
        Value::Object(
            fields
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect::<Map<_, _>>(),
        )
    };
    Ok((only(&before, &after), only(&after, &before)))
}
