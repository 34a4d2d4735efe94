//! Parcels.

pub(crate) mod create;
pub(crate) mod deliver;

use primitives::{OrderId, OrderItemId, Quantity, ShipmentId, Text, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::tracking::{self, TrackingUrl};
use crate::store::shipments::Shipment;
use crate::workflows::ship::Parcel;

/// What a parcel holds and who carries it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateShipment {
    /// All that has not left yet, unless given.
    items: Option<Vec<ShipmentPart>>,
    #[schema(value_type = String)]
    carrier: Text<100>,
    #[schema(value_type = String)]
    tracking_number: Text<100>,
    /// The carrier's page about the parcel (https). Of carriers that are known it is made from the number.
    #[schema(value_type = Option<String>, max_length = 500, example = "https://carrier.example/T1")]
    tracking_url: Option<TrackingUrl>,
}

/// Units of a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShipmentPart {
    order_item_id: OrderItemId,
    quantity: Quantity,
}

impl From<CreateShipment> for Parcel {
    fn from(body: CreateShipment) -> Self {
        let tracking_number = tracking::number(body.tracking_number.as_str());
        Self {
            parts: body.items.map(|items| {
                items
                    .into_iter()
                    .map(|part| (part.order_item_id, part.quantity))
                    .collect()
            }),
            tracking_url: body
                .tracking_url
                .map(TrackingUrl::into_string)
                .or_else(|| tracking::url(body.carrier.as_str(), &tracking_number)),
            carrier: body.carrier.to_string(),
            tracking_number,
        }
    }
}

/// A parcel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Shipment)]
pub(crate) struct ShipmentView {
    id: ShipmentId,
    order_id: OrderId,
    /// `shipped` or `delivered`.
    status: String,
    carrier: String,
    tracking_number: String,
    /// Where the carrier shows it.
    tracking_url: Option<String>,
    items: Vec<ShippedItem>,
    shipped_at: Timestamp,
    delivered_at: Option<Timestamp>,
}

/// Units of a line in a parcel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShippedItem {
    order_item_id: OrderItemId,
    quantity: i32,
}

impl From<(Shipment, Vec<(OrderItemId, i32)>)> for ShipmentView {
    fn from((shipment, parts): (Shipment, Vec<(OrderItemId, i32)>)) -> Self {
        Self {
            id: shipment.id,
            order_id: shipment.order_id,
            status: shipment.status,
            carrier: shipment.carrier,
            tracking_number: shipment.tracking_number,
            tracking_url: shipment.tracking_url,
            items: parts
                .into_iter()
                .map(|(order_item_id, quantity)| ShippedItem {
                    order_item_id,
                    quantity,
                })
                .collect(),
            shipped_at: shipment.shipped_at,
            delivered_at: shipment.delivered_at,
        }
    }
}
