use contracts::events::{StaffActed, StaffMember};
use http_kit::{ClientIp, Error, RequestId};
use primitives::UserId;
use serde_json::Value;

use crate::{OnBehalfOf, Permission, Principal, Service, Staff};

/// A member of staff at work, as the audit trail names them. Made while their request is answered, for its number and its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acting {
    member: StaffMember,
    through: String,
    ip: Option<String>,
    request_id: Option<String>,
}

impl Acting {
    /// A user, if they are staff: for what others may do too, with what is theirs.
    pub fn of(principal: &Principal) -> Option<Self> {
        let staff = principal.role.is_staff();
        staff.then(|| Self::new(&principal.into(), &principal.through))
    }

    fn new(who: &OnBehalfOf, through: &str) -> Self {
        Self {
            member: StaffMember {
                user_id: who.user_id,
                email: who.email.clone(),
                role: who.role.as_str().to_owned(),
            },
            through: through.to_owned(),
            ip: ClientIp::current().map(|ClientIp(ip)| ip.to_string()),
            request_id: RequestId::current().map(|id| id.as_str().to_owned()),
        }
    }

    /// Who.
    pub fn user_id(&self) -> UserId {
        self.member.user_id
    }

    /// The entry for the audit trail, to be published in the transaction of the change: `before` and `after` are what changed of the
    /// target, as small objects without secrets; null where it did not exist.
    pub fn did(&self, action: &str, target: String, before: Value, after: Value) -> StaffActed {
        StaffActed {
            actor: self.member.clone(),
            through: self.through.clone(),
            action: action.to_owned(),
            target,
            before,
            after,
            ip: self.ip.clone(),
            request_id: self.request_id.clone(),
        }
    }
}

impl<P: Permission> Staff<P> {
    /// As the audit trail names them.
    pub fn acting(&self) -> Acting {
        Acting::new(&OnBehalfOf::from(&self.principal), &self.principal.through)
    }
}

impl Service {
    /// The staff member in whose name it calls, as the audit trail names them; refuses as [`Service::staff`] does.
    pub fn acting<P: Permission>(&self) -> Result<Acting, Error> {
        Ok(Acting::new(self.staff::<P>()?, &self.caller))
    }
}
