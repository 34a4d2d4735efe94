-- Whatever single thing staff narrow the list of orders to, the newest of them stand in an index, in the order of the list.
CREATE INDEX orders_by_coupon ON orders (coupon, id DESC) WHERE coupon IS NOT NULL;
CREATE INDEX orders_by_country ON orders ((shipping_address ->> 'country'), id DESC);
CREATE INDEX orders_by_method ON orders (shipping_method, id DESC);
CREATE INDEX orders_by_total ON orders (total);
CREATE INDEX orders_noted ON orders (id DESC) WHERE note IS NOT NULL;
CREATE INDEX orders_unpaid ON orders (id DESC) INCLUDE (placed_at) WHERE payment_status IN ('unpaid', 'failed') AND status <> 'cancelled';
CREATE INDEX order_events_notes ON order_events (order_id DESC) WHERE type = 'note';
CREATE INDEX orders_not_completed ON orders (status, id DESC) WHERE status <> 'completed';
CREATE INDEX orders_not_paid ON orders (payment_status, id DESC) WHERE payment_status <> 'paid';
CREATE INDEX orders_not_delivered ON orders (fulfillment_status, id DESC) WHERE fulfillment_status <> 'delivered';
