use primitives::{EmailAddress, UserId};

super::events! {
    /// Somebody opened an account.
    UserRegistered = "user.registered" about "user" (user_id) {
        /// Who.
        user_id: UserId,
        /// Address.
        email: EmailAddress,
        /// Whether the address is verified already, as an identity provider's may be.
        #[serde(default)]
        email_verified: bool,
        /// Display name.
        name: String,
        /// `customer`, `seller`, `support` or `admin`.
        role: String,
    }
    /// Name, address, verification or role changed; the values after it.
    UserUpdated = "user.updated" about "user" (user_id) {
        /// Who.
        user_id: UserId,
        /// Current address.
        email: EmailAddress,
        /// Whether the address is verified.
        email_verified: bool,
        /// Display name.
        name: String,
        /// `customer`, `seller`, `support` or `admin`.
        role: String,
    }
    /// Staff, or their identity provider, gave somebody another role. `user.updated` tells of it too; this one says what it was before, and
    /// who did it.
    UserRoleChanged = "user.role_changed" about "user" (user_id) {
        /// Whose role.
        user_id: UserId,
        /// `customer`, `seller`, `support` or `admin`.
        before: String,
        /// The role from now on.
        after: String,
        /// Who decided; the user, when their provider did.
        by: UserId,
    }
    /// Staff shut the account; its sessions are revoked.
    UserDisabled = "user.disabled" about "user" (user_id) {
        /// Who.
        user_id: UserId,
    }
    /// The account is gone.
    UserDeleted = "user.deleted" about "user" (user_id) {
        /// Who.
        user_id: UserId,
    }
}
