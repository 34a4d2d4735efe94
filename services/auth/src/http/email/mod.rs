pub(crate) mod resend;
pub(crate) mod verify;
