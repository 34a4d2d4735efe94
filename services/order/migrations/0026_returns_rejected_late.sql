-- What came may be rejected, too: nothing is given back for it.
ALTER TABLE returns DROP CONSTRAINT returns_received;
ALTER TABLE returns ADD CONSTRAINT returns_received
  CHECK (CASE WHEN status IN ('received', 'refunded') THEN received_at IS NOT NULL ELSE received_at IS NULL OR status = 'rejected' END);
