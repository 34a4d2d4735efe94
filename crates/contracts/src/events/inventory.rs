use primitives::{OrderId, ProductId, Sku, VariantId};
use serde::{Deserialize, Serialize};

/// Units of one variant held for, sold to or given back by an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLine {
    /// Which variant.
    pub variant_id: VariantId,
    /// How many units.
    pub quantity: i32,
    /// Of which product; older processes did not say.
    #[serde(default)]
    pub product_id: Option<ProductId>,
}

pub use crate::internal::reservations::ShortLine;

super::events! {
    /// A variant's available units fell to its threshold.
    InventoryLowStock = "inventory.low_stock" about "variant" (variant_id) {
        /// Which variant.
        variant_id: VariantId,
        /// Of which product.
        product_id: ProductId,
        /// Its SKU.
        sku: Sku,
        /// Units left.
        available: i32,
        /// The threshold.
        threshold: i32,
    }
    /// Units are held for an order.
    InventoryReserved = "inventory.reserved" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// What is held.
        lines: Vec<StockLine>,
    }
    /// A paid order cannot be served: its hold had expired and the units were sold.
    InventoryRejected = "inventory.rejected" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// What is missing.
        lines: Vec<ShortLine>,
    }
    /// Units held for an order are free again.
    InventoryReleased = "inventory.released" about "order" (order_id) {
        /// Which order.
        order_id: OrderId,
        /// What was held.
        lines: Vec<StockLine>,
    }
    /// The units of a variant that can be had changed otherwise than by a hold: they were received, counted, corrected, taken
    /// back from a cancelled order, or sold without a hold.
    InventoryAdjusted = "inventory.adjusted" about "variant" (variant_id) {
        /// Which variant.
        variant_id: VariantId,
        /// Of which product.
        product_id: ProductId,
        /// Its SKU.
        sku: Sku,
        /// Units that could be had before.
        available_before: i32,
        /// Units that can be had now.
        available: i32,
    }
}
