-- The few orders that a bank questions, and what is still to be answered, are found among all others.
CREATE INDEX orders_disputed ON orders (id DESC) WHERE disputed;
CREATE INDEX disputes_open ON disputes (evidence_due_at) WHERE state IN ('inquiry', 'open');
