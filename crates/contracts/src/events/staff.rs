use primitives::{EmailAddress, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A member of staff, as they were when they acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffMember {
    /// Who.
    pub user_id: UserId,
    /// Address, where the service knew it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// `support` or `admin`.
    pub role: String,
}

/// A member of staff changed something. Published by the service that owns it, in the transaction of the change: what failed, or changed
/// nothing, is not told. The envelope says which service it was, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffActed {
    /// Who.
    pub actor: StaffMember,
    /// What they used: `rest` for the public API, else the service that called in their name, such as `admin` for the panel.
    pub through: String,
    /// What they did, as `kind.verb`: `user.change_role`, `order.refund`.
    pub action: String,
    /// To what, as `kind:id`.
    pub target: String,
    /// What of it changed, before: a small object, or null if there was nothing. Never a secret.
    pub before: Value,
    /// The same after it, or null if nothing is left.
    pub after: Value,
    /// The network address they came from, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The request, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl super::Event for StaffActed {
    const TYPE: &'static str = "staff.acted";
    fn subject(&self) -> String {
        self.target.clone()
    }
}
