use contracts::events::Mail;
use http_kit::Result;
use primitives::Timestamp;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::device::{device_name, fingerprint};
use crate::domain::user::User;
use crate::store::devices;
use crate::store::sessions::Device;
use crate::workflows::recovery;

/// Remembers from what somebody signs in, and mails them when it is new, so that a thief is noticed. The first device of all is
/// no news; and an address that is not verified may be somebody else's, who would be told of a stranger's sign-ins.
pub(crate) async fn notice(
    state: &AppState,
    tx: &mut PgConnection,
    user: &User,
    device: &Device,
    at: Timestamp,
) -> Result<()> {
    let name = device_name(device.user_agent.as_deref());
    let fingerprint = fingerprint(user.id, &name, device.ip);
    let new = devices::remember(tx, user.id, &fingerprint, at).await?;
    if new && user.email_verified_at.is_some() {
        let mail = Mail::NewDevice {
            name: user.name.clone(),
            device: name,
            ip: device
                .ip
                .map_or_else(|| "unknown".to_owned(), |ip| ip.to_string()),
            at,
        };
        recovery::mail(state, tx, &user.email, mail).await?;
    }
    Ok(())
}
