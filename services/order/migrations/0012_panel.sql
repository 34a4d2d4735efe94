-- What the staff's panel reads besides: a timeline in the order in which it was written.
GRANT SELECT (seq) ON order_events TO admin_service;
