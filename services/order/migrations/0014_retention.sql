-- What Stripe told is forgotten when Stripe forgets it, and invoices of held money are found by when it was taken.
CREATE INDEX webhook_events_done ON webhook_events (processed_at) WHERE processed_at IS NOT NULL;
CREATE INDEX payment_captures_done ON payment_captures (updated_at) WHERE status = 'succeeded';
