-- What the staff's panel reads besides: a timeline in the order in which it was written.
GRANT SELECT (seq) ON order_events TO admin_service;

-- Staff look for parcels by what stands on them.
CREATE INDEX shipments_by_tracking_number ON shipments (tracking_number);

-- Also by the beginning of an address, in any locale.
DROP INDEX orders_by_email;
CREATE INDEX orders_by_email ON orders (email text_pattern_ops);
