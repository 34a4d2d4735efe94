-- The panel lists what the provider told, newest first, and what of it needs a person.
CREATE INDEX webhook_events_newest ON webhook_events (received_at DESC, id DESC);
CREATE INDEX webhook_events_amiss ON webhook_events (received_at DESC, id DESC) WHERE outcome = 'failed' OR (processed_at IS NULL AND attempts > 3);
