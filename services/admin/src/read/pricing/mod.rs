//! What prices are made of: coupons, promotions, ways of sending, taxes, and what they are for.

pub(crate) mod coupons;
pub(crate) mod goods;
pub(crate) mod promotions;
pub(crate) mod shipping;
pub(crate) mod taxes;
