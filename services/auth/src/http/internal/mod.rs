pub(crate) mod address;
pub(crate) mod exchange;
pub(crate) mod jwks;
pub(crate) mod lookup;
pub(crate) mod staff;
