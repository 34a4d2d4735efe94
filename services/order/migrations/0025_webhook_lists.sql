-- The panel lists what the provider told, newest first, and what of it needs a person: it is given up, or went wrong more than three times. What nothing
-- here knows is tried eleven times at most, without an error; more often only what ends its worker.
CREATE INDEX webhook_events_newest ON webhook_events (received_at DESC, id DESC);
CREATE INDEX webhook_events_amiss ON webhook_events (received_at DESC, id DESC) WHERE outcome = 'failed' OR (processed_at IS NULL AND attempts > 3 AND (error IS NOT NULL OR attempts > 12));
