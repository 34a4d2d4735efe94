-- The money as double-entry bookkeeping. A posting is one movement of money: rows of one posting_id that sum to zero, debits positive and credits negative.
-- Rows are only ever added: the application role may not change or remove one, and the trigger stops even the owner.
CREATE TABLE ledger_entries (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  posting_id uuid NOT NULL,
  order_id   uuid NOT NULL REFERENCES orders,
  payment_id uuid NOT NULL REFERENCES payments,
  kind       text NOT NULL CHECK (kind IN ('charge', 'capture', 'refund', 'refund_reversed', 'dispute', 'dispute_won', 'dispute_lost', 'fee')),
  account    text NOT NULL CHECK (account IN ('stripe', 'bank', 'sales', 'refunds', 'disputes', 'chargebacks', 'fees')),
  amount     bigint NOT NULL CHECK (amount <> 0),
  currency   char(3) NOT NULL,
  at         timestamptz NOT NULL,
  reference  text NOT NULL,                -- what moved: the id of the payment, capture, refund or dispute, or the provider's of a fee
  -- A movement is posted once, however often its news comes.
  CONSTRAINT ledger_entries_once UNIQUE (kind, reference, account)
);
CREATE INDEX ledger_entries_by_order ON ledger_entries (order_id);
CREATE INDEX ledger_entries_by_posting ON ledger_entries (posting_id);
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_entries FROM order_service;

CREATE FUNCTION ledger_entries_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger_entries is append-only';
END $$;
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_are_append_only();

-- What was charged and given back before there was a ledger.
WITH movements AS (
  SELECT gen_random_uuid() AS posting_id, p.order_id, p.id AS payment_id, 'charge' AS kind, p.amount, p.currency,
         coalesce(o.confirmed_at, p.updated_at) AS at, p.id::text AS reference
    FROM payments p JOIN orders o ON o.id = p.order_id
   WHERE p.provider = 'stripe' AND p.amount > 0 AND p.status IN ('succeeded', 'partially_refunded', 'refunded')
  UNION ALL
  SELECT gen_random_uuid(), p.order_id, p.id, 'refund', r.amount, p.currency, r.updated_at, r.id::text
    FROM refunds r JOIN payments p ON p.id = r.payment_id
   WHERE p.provider = 'stripe' AND r.status = 'succeeded'
)
INSERT INTO ledger_entries (posting_id, order_id, payment_id, kind, account, amount, currency, at, reference)
SELECT m.posting_id, m.order_id, m.payment_id, m.kind, leg.account, leg.sign * m.amount, m.currency, m.at, m.reference
  FROM movements m
  JOIN (VALUES ('charge', 'stripe', 1), ('charge', 'sales', -1), ('refund', 'refunds', 1), ('refund', 'stripe', -1)) AS leg (kind, account, sign)
    ON leg.kind = m.kind
 ORDER BY m.at, m.posting_id;

-- Looked at when the transaction ends, because the rows of a posting may come one after the other.
CREATE FUNCTION ledger_postings_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  balance numeric;
  alike   boolean;
BEGIN
  SELECT sum(amount), count(DISTINCT (order_id, payment_id, kind, currency, reference)) = 1 INTO balance, alike
    FROM ledger_entries WHERE posting_id = NEW.posting_id;
  IF balance <> 0 OR NOT alike THEN
    RAISE EXCEPTION 'ledger posting % does not balance', NEW.posting_id USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_postings_balance';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_postings_balance AFTER INSERT ON ledger_entries
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_postings_balance();

-- Comparisons with the provider. One that crashed is taken up again where it stood.
CREATE TABLE reconciliations (
  id           uuid PRIMARY KEY,
  kind         text NOT NULL CHECK (kind IN ('window', 'full')),
  status       text NOT NULL CHECK (status IN ('running', 'done', 'failed')),
  from_at      timestamptz NOT NULL,
  until_at     timestamptz NOT NULL,
  position_at  timestamptz NOT NULL,       -- everything before it is compared
  started_at   timestamptz NOT NULL,
  heartbeat_at timestamptz NOT NULL,
  finished_at  timestamptz,
  payments     integer NOT NULL DEFAULT 0, -- how many of each were compared
  refunds      integer NOT NULL DEFAULT 0,
  disputes     integer NOT NULL DEFAULT 0,
  strangers    integer NOT NULL DEFAULT 0, -- what the provider has and does not say to be ours
  healed       integer NOT NULL DEFAULT 0,
  raised       integer NOT NULL DEFAULT 0,
  error        text,
  CONSTRAINT reconciliations_finished CHECK ((status = 'running') = (finished_at IS NULL))
);
CREATE UNIQUE INDEX reconciliations_one_running ON reconciliations (kind) WHERE status = 'running';
CREATE INDEX reconciliations_by_time ON reconciliations (started_at);

-- What was not the same here and there.
CREATE TABLE reconciliation_differences (
  id                uuid PRIMARY KEY,
  reconciliation_id uuid NOT NULL REFERENCES reconciliations ON DELETE CASCADE,
  kind              text NOT NULL,
  subject           text NOT NULL,          -- payment:<id>, refund:<id>, dispute:<id>, or stripe:<its id> for what we do not know
  order_id          uuid,
  reference         text,                   -- the provider's id
  outcome           text NOT NULL CHECK (outcome IN ('healed', 'raised')),
  ours              jsonb NOT NULL,
  theirs            jsonb NOT NULL,
  at                timestamptz NOT NULL
);
CREATE INDEX reconciliation_differences_of_run ON reconciliation_differences (reconciliation_id, id);

-- What a person has to see to.
CREATE TABLE work_items (
  id           uuid PRIMARY KEY,
  kind         text NOT NULL,
  subject      text NOT NULL,
  order_id     uuid,
  details      jsonb NOT NULL,
  status       text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'resolved')),
  seen         integer NOT NULL DEFAULT 1,  -- how often it was found
  raised_at    timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  resolution   text CHECK (resolution IN ('done', 'ignored', 'gone')),
  note         text,
  resolved_by  text,
  resolved_at  timestamptz,
  CONSTRAINT work_items_resolved CHECK ((status = 'resolved') = (num_nonnulls(resolution, resolved_by, resolved_at) = 3))
);
CREATE UNIQUE INDEX work_items_one_open ON work_items (kind, subject) WHERE status = 'open';
CREATE INDEX work_items_ignored ON work_items (kind, subject) WHERE resolution = 'ignored';
CREATE INDEX work_items_by_order ON work_items (order_id) WHERE order_id IS NOT NULL;

GRANT SELECT (id, posting_id, order_id, payment_id, kind, account, amount, currency, at, reference) ON ledger_entries TO admin_service;
GRANT SELECT (id, kind, status, from_at, until_at, position_at, started_at, heartbeat_at, finished_at, payments, refunds, disputes, strangers, healed, raised, error) ON reconciliations TO admin_service;
GRANT SELECT (id, reconciliation_id, kind, subject, order_id, reference, outcome, ours, theirs, at) ON reconciliation_differences TO admin_service;
GRANT SELECT (id, kind, subject, order_id, details, status, seen, raised_at, last_seen_at, resolution, note, resolved_by, resolved_at) ON work_items TO admin_service;
