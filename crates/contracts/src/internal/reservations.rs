//! product: `POST /internal/reservations`, `…/{order_id}/release`, `…/{order_id}/commit`.

use primitives::{OrderId, Quantity, Timestamp, VariantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::variants::VariantSnapshot;

/// Holds all lines for an order, or none. Lines of one variant are summed. The same order id with the same lines gives
/// the same answer again.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReserveRequest {
    /// Fixed by the caller before the call, so that it can be repeated.
    pub order_id: OrderId,
    /// At least one.
    pub lines: Vec<ReserveLine>,
    /// How long the hold lasts; 1,800 seconds unless told.
    pub expires_in_seconds: Option<u32>,
}

/// Units of one variant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReserveLine {
    /// Which variant.
    pub variant_id: VariantId,
    /// How many units.
    pub quantity: Quantity,
}

/// What is held, with what each variant was at that moment.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reservation {
    /// For which order.
    pub order_id: OrderId,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// One for each variant, sorted by variant id.
    pub lines: Vec<ReservedLine>,
}

/// Units of one variant held, and the variant's snapshot.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReservedLine {
    /// How many units.
    pub quantity: Quantity,
    /// Those of them that are not there yet: sold on backorder or before their day.
    #[serde(default)]
    pub owed: i32,
    /// The variant as it was sold.
    pub variant: VariantSnapshot,
}

/// The member `lines` of the problem `insufficient_stock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShortLine {
    /// Which variant.
    pub variant_id: VariantId,
    /// Units asked for.
    pub requested: i32,
    /// Units that can be had.
    pub available: i32,
}
