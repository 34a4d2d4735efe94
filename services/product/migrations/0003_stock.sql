-- Stock: what lies where, what is held for orders, and a ledger of every movement.

CREATE TABLE stock_locations (
  id         uuid PRIMARY KEY,
  code       text NOT NULL UNIQUE CHECK (code <> ''),
  name       text NOT NULL CHECK (name <> ''),
  created_at timestamptz NOT NULL
);
-- The one location until there are more.
INSERT INTO stock_locations (id, code, name, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'main', 'Main warehouse', now());

-- The checks make a negative or oversold row impossible, whatever the code does.
CREATE TABLE stock_levels (
  variant_id  uuid NOT NULL REFERENCES product_variants (id),
  location_id uuid NOT NULL REFERENCES stock_locations (id),
  on_hand     integer NOT NULL DEFAULT 0 CONSTRAINT stock_levels_on_hand_check CHECK (on_hand >= 0),
  reserved    integer NOT NULL DEFAULT 0 CONSTRAINT stock_levels_reserved_check CHECK (reserved >= 0),
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (variant_id, location_id),
  CONSTRAINT stock_levels_not_oversold CHECK (reserved <= on_hand)
) WITH (fillfactor = 70);

-- One for each order; the key makes the hold idempotent. `released` and `rejected` are for ever: a cancelled order never takes stock.
CREATE TABLE reservations (
  order_id   uuid PRIMARY KEY,
  status     text NOT NULL CHECK (status IN ('held', 'committed', 'released', 'expired', 'rejected')),
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX reservations_expiry ON reservations (expires_at) WHERE status = 'held';

CREATE TABLE reservation_lines (
  order_id    uuid NOT NULL REFERENCES reservations (order_id),
  variant_id  uuid NOT NULL REFERENCES product_variants (id),
  location_id uuid NOT NULL REFERENCES stock_locations (id),
  quantity    integer NOT NULL CHECK (quantity > 0),
  -- The variant as it was when held, so that a repeated call gets the same answer; absent when taken without a hold.
  snapshot    jsonb,
  PRIMARY KEY (order_id, variant_id)
);

-- The ledger: the sums of its rows are the levels. Rows are only ever added.
CREATE TABLE stock_movements (
  id             uuid PRIMARY KEY,
  seq            bigint GENERATED ALWAYS AS IDENTITY,
  variant_id     uuid NOT NULL REFERENCES product_variants (id),
  location_id    uuid NOT NULL REFERENCES stock_locations (id),
  kind           text NOT NULL,
  on_hand_delta  integer NOT NULL,
  reserved_delta integer NOT NULL,
  order_id       uuid,
  reason         text,
  actor_id       uuid,
  created_at     timestamptz NOT NULL,
  CONSTRAINT stock_movements_kind_check CHECK (CASE kind
    WHEN 'receive' THEN on_hand_delta > 0 AND reserved_delta = 0
    WHEN 'adjust'  THEN on_hand_delta <> 0 AND reserved_delta = 0
    WHEN 'reserve' THEN on_hand_delta = 0 AND reserved_delta > 0
    WHEN 'release' THEN on_hand_delta = 0 AND reserved_delta < 0
    WHEN 'sell'    THEN on_hand_delta < 0 AND reserved_delta IN (0, on_hand_delta)
    WHEN 'restock' THEN on_hand_delta > 0 AND reserved_delta = 0
    ELSE false END),
  CONSTRAINT stock_movements_order_check CHECK ((order_id IS NOT NULL) = (kind IN ('reserve', 'release', 'sell', 'restock')))
);
CREATE INDEX stock_movements_variant_id ON stock_movements (variant_id, seq);
-- An order reserves, releases, sells and restocks a variant at most once each.
CREATE UNIQUE INDEX stock_movements_once_per_order ON stock_movements (order_id, variant_id, location_id, kind) WHERE order_id IS NOT NULL;
REVOKE UPDATE, DELETE ON stock_movements FROM product_service;

-- Levels that do not equal the sums of their ledger. Always empty.
CREATE VIEW stock_ledger_differences AS
SELECT variant_id, location_id,
       coalesce(l.on_hand, 0) AS on_hand, coalesce(m.on_hand, 0) AS ledger_on_hand,
       coalesce(l.reserved, 0) AS reserved, coalesce(m.reserved, 0) AS ledger_reserved
  FROM stock_levels l
  FULL JOIN (SELECT variant_id, location_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
               FROM stock_movements GROUP BY variant_id, location_id) m USING (variant_id, location_id)
 WHERE coalesce(l.on_hand, 0) <> coalesce(m.on_hand, 0) OR coalesce(l.reserved, 0) <> coalesce(m.reserved, 0);

GRANT SELECT (id, code, name, created_at) ON stock_locations TO admin_service;
GRANT SELECT (variant_id, location_id, on_hand, reserved, updated_at) ON stock_levels TO admin_service;
GRANT SELECT (order_id, status, expires_at, created_at, updated_at) ON reservations TO admin_service;
GRANT SELECT (order_id, variant_id, location_id, quantity) ON reservation_lines TO admin_service;
GRANT SELECT (id, seq, variant_id, location_id, kind, on_hand_delta, reserved_delta, order_id, reason, actor_id, created_at) ON stock_movements TO admin_service;
GRANT SELECT (variant_id, location_id, on_hand, ledger_on_hand, reserved, ledger_reserved) ON stock_ledger_differences TO admin_service;
