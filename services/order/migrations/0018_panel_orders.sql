-- What the staff's list of orders and the timeline of one order read besides.

-- What is paid and has not left whole: the few that can be late.
CREATE INDEX orders_to_ship ON orders (id DESC) INCLUDE (confirmed_at, placed_at)
  WHERE status = 'confirmed' AND fulfillment_status IN ('unfulfilled', 'partially_shipped');

-- By which trace something came: of the request, or of the message.
ALTER TABLE order_events ADD COLUMN trace_id text;
ALTER TABLE saga_steps ADD COLUMN trace_id text;
-- Besides: the provider's name of the payment, or of the page on which one pays, that a message is about.
ALTER TABLE webhook_events ADD COLUMN trace_id text, ADD COLUMN subject text;
UPDATE webhook_events SET subject = coalesce(payload #>> '{data,object,payment_intent}', payload #>> '{data,object,id}');
CREATE INDEX webhook_events_by_subject ON webhook_events (subject, received_at DESC) WHERE subject IS NOT NULL;

-- By which the list finds the months of some days.
GRANT EXECUTE ON FUNCTION uuid_floor(timestamptz) TO admin_service;
GRANT SELECT (trace_id) ON order_events TO admin_service;
GRANT SELECT (trace_id) ON saga_steps TO admin_service;
GRANT SELECT (trace_id, subject) ON webhook_events TO admin_service;
