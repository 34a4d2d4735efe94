-- The order that a message of the provider is about: a payment's current names do not tell it once the customer has chosen to pay in another way.
ALTER TABLE webhook_events ADD COLUMN order_id uuid;
CREATE INDEX webhook_events_by_order ON webhook_events (order_id, received_at DESC) WHERE order_id IS NOT NULL;
GRANT SELECT (order_id) ON webhook_events TO admin_service;
