-- A refund that had succeeded may be sent back by the customer's bank: the money is the shop's again.
ALTER TABLE refunds
  DROP CONSTRAINT refunds_status_check,
  ADD CONSTRAINT refunds_status_check CHECK (status IN ('pending', 'succeeded', 'failed', 'reversed'));

-- What came back was done all the same: nobody tries it again, a work item says what is left to do.
CREATE OR REPLACE FUNCTION saga_step_of_money() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO saga_steps AS known (order_id, step, subject, status, attempts, next_try_at, error, created_at, updated_at)
  SELECT p.order_id, CASE TG_TABLE_NAME WHEN 'refunds' THEN 'refund' ELSE 'payment.capture' END, NEW.id,
         CASE WHEN NEW.status IN ('succeeded', 'reversed') THEN 'done' ELSE NEW.status END, NEW.attempts, NEW.next_try_at, NEW.failure, NEW.created_at, now()
    FROM payments p WHERE p.id = NEW.payment_id
  ON CONFLICT (order_id, step, subject) DO UPDATE
     SET status = EXCLUDED.status, attempts = EXCLUDED.attempts, next_try_at = EXCLUDED.next_try_at, updated_at = EXCLUDED.updated_at,
         error = CASE EXCLUDED.status WHEN 'done' THEN NULL ELSE coalesce(EXCLUDED.error, known.error) END;
  RETURN NULL;
END $$;

-- Refunds that failed before there were work items for them, and that nobody asked for again.
INSERT INTO work_items (id, kind, subject, order_id, details, raised_at, last_seen_at)
SELECT gen_random_uuid(), 'refund_failed', 'refund:' || r.id, p.order_id,
       jsonb_build_object('says', 'The provider could not give the money back: the customer does not have it. Ask for the refund again, or pay them in another way.',
                          'reference', r.provider_ref, 'amount', jsonb_build_object('amount', r.amount, 'currency', p.currency), 'failure', r.failure),
       now(), now()
  FROM refunds r JOIN payments p ON p.id = r.payment_id
 WHERE r.status = 'failed'
   AND NOT EXISTS (SELECT FROM refunds again
                    WHERE again.payment_id = r.payment_id AND again.status IN ('pending', 'succeeded') AND again.created_at > r.created_at)
ON CONFLICT DO NOTHING;
