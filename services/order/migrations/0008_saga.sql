-- What the state machine of orders looks at.

-- What disputes did to an order: whether its bank still questions a charge, and what it took back for good.
ALTER TABLE orders
  ADD COLUMN disputed     boolean NOT NULL DEFAULT false,
  ADD COLUMN charged_back bigint NOT NULL DEFAULT 0 CHECK (charged_back >= 0);
GRANT SELECT (disputed, charged_back) ON orders TO admin_service;

-- What has to happen elsewhere because of what was decided here, a row for each act. The rows that make the work are the truth; triggers keep
-- these beside them, in the same transaction, so that no path can forget it.
CREATE TABLE saga_steps (
  order_id    uuid NOT NULL REFERENCES orders,
  step        text NOT NULL CHECK (step IN ('stock.take', 'stock.release', 'payment.stop', 'payment.capture', 'refund')),
  subject     uuid NOT NULL,               -- the order, payment, capture or refund
  status      text NOT NULL CHECK (status IN ('pending', 'done', 'failed')),
  attempts    integer NOT NULL DEFAULT 0,
  next_try_at timestamptz NOT NULL,
  error       text,                        -- of the last try
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (order_id, step, subject)
);
CREATE INDEX saga_steps_open ON saga_steps (order_id DESC) WHERE status <> 'done';
CREATE INDEX saga_steps_stock_due ON saga_steps (next_try_at) WHERE status = 'pending' AND step IN ('stock.take', 'stock.release');
GRANT SELECT (order_id, step, subject, status, attempts, next_try_at, error, created_at, updated_at) ON saga_steps TO admin_service;

CREATE FUNCTION saga_step_of_money() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO saga_steps AS known (order_id, step, subject, status, attempts, next_try_at, error, created_at, updated_at)
  SELECT p.order_id, CASE TG_TABLE_NAME WHEN 'refunds' THEN 'refund' ELSE 'payment.capture' END, NEW.id,
         CASE NEW.status WHEN 'succeeded' THEN 'done' ELSE NEW.status END, NEW.attempts, NEW.next_try_at, NEW.failure, NEW.created_at, now()
    FROM payments p WHERE p.id = NEW.payment_id
  ON CONFLICT (order_id, step, subject) DO UPDATE
     SET status = EXCLUDED.status, attempts = EXCLUDED.attempts, next_try_at = EXCLUDED.next_try_at, updated_at = EXCLUDED.updated_at,
         error = CASE EXCLUDED.status WHEN 'done' THEN NULL ELSE coalesce(EXCLUDED.error, known.error) END;
  RETURN NULL;
END $$;
CREATE TRIGGER saga_steps AFTER INSERT OR UPDATE OF status, attempts, next_try_at, failure ON refunds
  FOR EACH ROW EXECUTE FUNCTION saga_step_of_money();
CREATE TRIGGER saga_steps AFTER INSERT OR UPDATE OF status, attempts, next_try_at, failure ON payment_captures
  FOR EACH ROW EXECUTE FUNCTION saga_step_of_money();

CREATE FUNCTION saga_step_of_cancellation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  cancellation payment_cancellations := coalesce(NEW, OLD);
BEGIN
  INSERT INTO saga_steps (order_id, step, subject, status, attempts, next_try_at, created_at, updated_at)
  SELECT p.order_id, 'payment.stop', p.id, CASE TG_OP WHEN 'DELETE' THEN 'done' ELSE 'pending' END, cancellation.attempts, cancellation.next_try_at, now(), now()
    FROM payments p WHERE p.id = cancellation.payment_id
  ON CONFLICT (order_id, step, subject) DO UPDATE
     SET status = EXCLUDED.status, attempts = EXCLUDED.attempts, next_try_at = EXCLUDED.next_try_at, updated_at = EXCLUDED.updated_at,
         error = CASE EXCLUDED.status WHEN 'done' THEN NULL ELSE saga_steps.error END;
  RETURN NULL;
END $$;
CREATE TRIGGER saga_steps AFTER INSERT OR UPDATE OR DELETE ON payment_cancellations
  FOR EACH ROW EXECUTE FUNCTION saga_step_of_cancellation();

-- What is under way now.
UPDATE refunds SET attempts = attempts WHERE status = 'pending';
UPDATE payment_captures SET attempts = attempts WHERE status = 'pending';
UPDATE payment_cancellations SET attempts = attempts;
