use auth_token::Role;
use contracts::events::{UserRegistered, UserUpdated};
use contracts::internal::users::UserSnapshot;
use primitives::{EmailAddress, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::text::Line;

/// What a person is called.
pub(crate) type Name = Line<100>;

/// A person with an account.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) email: EmailAddress,
    pub(crate) email_verified_at: Option<Timestamp>,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) disabled_at: Option<Timestamp>,
    /// Why staff shut the account, for staff.
    pub(crate) disabled_reason: Option<String>,
    pub(crate) created_at: Timestamp,
    /// Grows with each change, so that nobody changes what they have not seen.
    pub(crate) version: i32,
}

impl User {
    pub(crate) fn registered(&self) -> UserRegistered {
        UserRegistered {
            user_id: self.id,
            email: self.email.clone(),
            email_verified: self.email_verified_at.is_some(),
            name: self.name.clone(),
            role: self.role.as_str().to_owned(),
        }
    }

    pub(crate) fn updated(&self) -> UserUpdated {
        UserUpdated {
            user_id: self.id,
            email: self.email.clone(),
            email_verified: self.email_verified_at.is_some(),
            name: self.name.clone(),
            role: self.role.as_str().to_owned(),
        }
    }

    pub(crate) fn snapshot(&self) -> UserSnapshot {
        UserSnapshot {
            id: self.id,
            email: self.email.clone(),
            email_verified: self.email_verified_at.is_some(),
            name: self.name.clone(),
            role: self.role.as_str().to_owned(),
            closed: self.disabled_at.is_some(),
        }
    }
}

/// A user as they see themselves.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserView {
    pub(crate) id: UserId,
    pub(crate) email: EmailAddress,
    pub(crate) email_verified: bool,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) created_at: Timestamp,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            email_verified: user.email_verified_at.is_some(),
            name: user.name,
            role: user.role,
            created_at: user.created_at,
        }
    }
}

/// A user as staff see them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffUserView {
    pub(crate) id: UserId,
    pub(crate) email: EmailAddress,
    pub(crate) email_verified: bool,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Whether staff shut the account.
    pub(crate) disabled: bool,
    /// Why they did.
    pub(crate) disabled_reason: Option<String>,
    /// When the account will be deleted, if the user asked for it.
    pub(crate) deletion_scheduled_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

impl StaffUserView {
    pub(crate) fn new(mut user: User, deletion_scheduled_at: Option<Timestamp>) -> Self {
        let disabled = user.disabled_at.is_some();
        let disabled_reason = user.disabled_reason.take();
        let UserView {
            id,
            email,
            email_verified,
            name,
            role,
            created_at,
        } = user.into();
        Self {
            id,
            email,
            email_verified,
            name,
            role,
            disabled,
            disabled_reason,
            deletion_scheduled_at,
            created_at,
        }
    }
}
