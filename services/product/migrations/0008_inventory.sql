-- Stock by location, what is sold before it is there, and the counting of it.

-- Where stock lies. The order of the places is the order in which they serve orders; an inactive place holds nothing.
ALTER TABLE stock_locations
  ADD position integer NOT NULL DEFAULT 0 CONSTRAINT stock_locations_position_check CHECK (position >= 0),
  ADD deactivated_at timestamptz,
  ADD version integer NOT NULL DEFAULT 1,
  ADD CONSTRAINT stock_locations_code_check1 CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,39}$');

-- How a variant is sold when nothing is left, or before the day on which it is there. A limit is the most units that may be owed;
-- without one there is none.
ALTER TABLE product_variants
  ADD backorder boolean NOT NULL DEFAULT false,
  ADD backorder_limit integer CONSTRAINT product_variants_backorder_limit_check CHECK (backorder_limit BETWEEN 1 AND 1000000),
  ADD available_on timestamptz,
  ADD preorder_limit integer CONSTRAINT product_variants_preorder_limit_check CHECK (preorder_limit BETWEEN 1 AND 1000000),
  ADD CONSTRAINT product_variants_backorder_check CHECK (backorder OR backorder_limit IS NULL),
  ADD CONSTRAINT product_variants_preorder_check CHECK (available_on IS NOT NULL OR preorder_limit IS NULL);

-- What is promised to orders, held or paid, beyond what lies there. It is the variant's, not a place's: the row of the first place, which
-- every variant has and which is locked before a variant's stock is read or changed, carries it.
ALTER TABLE stock_levels
  ADD owed integer NOT NULL DEFAULT 0 CONSTRAINT stock_levels_owed_check CHECK (owed >= 0),
  ADD CONSTRAINT stock_levels_owed_at_home CHECK (owed = 0 OR location_id = '00000000-0000-7000-8000-000000000001');

-- A line is served by one place or by several; `owed` are those of its units that are not there yet.
ALTER TABLE reservation_lines
  ADD owed integer NOT NULL DEFAULT 0 CONSTRAINT reservation_lines_owed_check CHECK (owed BETWEEN 0 AND quantity),
  ADD CONSTRAINT reservation_lines_owed_at_home CHECK (owed = 0 OR location_id = '00000000-0000-7000-8000-000000000001'),
  DROP CONSTRAINT reservation_lines_pkey,
  ADD PRIMARY KEY (order_id, variant_id, location_id);
CREATE INDEX reservation_lines_owed ON reservation_lines (variant_id, order_id) WHERE owed > 0;

-- New kinds: `serve` gives what is owed, `transfer` moves between places (both of its rows have its id), `count` is a stock-take's.
ALTER TABLE stock_movements
  ADD owed_delta integer NOT NULL DEFAULT 0,
  ADD transfer_id uuid,
  ADD stock_take_id uuid,
  DROP CONSTRAINT stock_movements_kind_check,
  DROP CONSTRAINT stock_movements_order_check,
  ADD CONSTRAINT stock_movements_kind_check CHECK (CASE kind
    WHEN 'receive'  THEN on_hand_delta > 0 AND reserved_delta = 0 AND owed_delta = 0
    WHEN 'adjust'   THEN on_hand_delta <> 0 AND reserved_delta = 0 AND owed_delta = 0
    WHEN 'count'    THEN on_hand_delta <> 0 AND reserved_delta = 0 AND owed_delta = 0
    WHEN 'transfer' THEN on_hand_delta <> 0 AND reserved_delta = 0 AND owed_delta = 0
    WHEN 'reserve'  THEN on_hand_delta = 0 AND reserved_delta >= 0 AND owed_delta >= 0 AND reserved_delta + owed_delta > 0
    WHEN 'release'  THEN on_hand_delta = 0 AND reserved_delta <= 0 AND owed_delta <= 0 AND reserved_delta + owed_delta < 0
    WHEN 'sell'     THEN on_hand_delta <= 0 AND reserved_delta IN (0, on_hand_delta) AND owed_delta >= 0 AND owed_delta - on_hand_delta > 0
    WHEN 'restock'  THEN on_hand_delta >= 0 AND reserved_delta = 0 AND owed_delta <= 0 AND on_hand_delta - owed_delta > 0
    WHEN 'serve'    THEN on_hand_delta <= 0 AND reserved_delta = 0 AND owed_delta <= 0 AND on_hand_delta + owed_delta < 0
    ELSE false END),
  ADD CONSTRAINT stock_movements_order_check CHECK ((order_id IS NOT NULL) = (kind IN ('reserve', 'release', 'sell', 'restock', 'serve'))),
  ADD CONSTRAINT stock_movements_transfer_check CHECK ((transfer_id IS NOT NULL) = (kind = 'transfer')),
  ADD CONSTRAINT stock_movements_count_check CHECK ((stock_take_id IS NOT NULL) = (kind = 'count'));
-- An order reserves, releases, sells and restocks at a place at most once each; what it is owed may come in parts.
DROP INDEX stock_movements_once_per_order;
CREATE UNIQUE INDEX stock_movements_once_per_order ON stock_movements (order_id, variant_id, location_id, kind)
  WHERE order_id IS NOT NULL AND kind <> 'serve';

-- Goods come only to active places. The lock makes it wait for who deactivates the place just now.
CREATE FUNCTION stock_levels_place_is_active() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM stock_locations WHERE id = NEW.location_id AND deactivated_at IS NULL FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'goods for an inactive place' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_levels_place_is_active';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stock_levels_more BEFORE UPDATE OF on_hand ON stock_levels
  FOR EACH ROW WHEN (NEW.on_hand > OLD.on_hand) EXECUTE FUNCTION stock_levels_place_is_active();
CREATE TRIGGER stock_levels_first BEFORE INSERT ON stock_levels
  FOR EACH ROW WHEN (NEW.on_hand > 0) EXECUTE FUNCTION stock_levels_place_is_active();

-- No more is promised than the variant's terms allow.
CREATE FUNCTION stock_levels_owed_within_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM product_variants
    WHERE id = NEW.variant_id
      AND NEW.owed <= greatest(CASE WHEN backorder THEN coalesce(backorder_limit, 1000000) END,
                               CASE WHEN available_on IS NOT NULL THEN coalesce(preorder_limit, 1000000) END);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'more is promised than may be' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_levels_owed_within_terms';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stock_levels_owed BEFORE UPDATE OF owed ON stock_levels
  FOR EACH ROW WHEN (NEW.owed > OLD.owed) EXECUTE FUNCTION stock_levels_owed_within_terms();

-- An inactive place is empty, and one place stays.
CREATE FUNCTION stock_locations_empty_before_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM stock_levels WHERE location_id = NEW.id AND on_hand > 0) THEN
    RAISE EXCEPTION 'the place holds stock' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_locations_empty';
  END IF;
  IF NOT EXISTS (SELECT FROM stock_locations WHERE id <> NEW.id AND deactivated_at IS NULL) THEN
    RAISE EXCEPTION 'the last active place' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_locations_one_active';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stock_locations_end BEFORE UPDATE OF deactivated_at ON stock_locations
  FOR EACH ROW WHEN (OLD.deactivated_at IS NULL AND NEW.deactivated_at IS NOT NULL) EXECUTE FUNCTION stock_locations_empty_before_end();
CREATE INDEX stock_levels_location_id ON stock_levels (location_id) WHERE on_hand > 0;

-- Stock-takes name variants by SKU alone.
CREATE INDEX product_variants_sku ON product_variants (sku) WHERE archived_at IS NULL;

-- For the ledger's pages.
CREATE INDEX stock_movements_order_id ON stock_movements (order_id) WHERE order_id IS NOT NULL;

-- Answers to requests that must take effect once, by the caller's Idempotency-Key; written in the transaction of the effect.
CREATE TABLE stock_requests (
  actor_id   uuid NOT NULL,
  key        text NOT NULL,
  body_hash  bytea NOT NULL,
  answer     jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT stock_requests_once PRIMARY KEY (actor_id, key)
);
CREATE INDEX stock_requests_age ON stock_requests (created_at);

CREATE OR REPLACE VIEW stock_ledger_differences AS
SELECT variant_id, location_id,
       coalesce(l.on_hand, 0) AS on_hand, coalesce(m.on_hand, 0) AS ledger_on_hand,
       coalesce(l.reserved, 0) AS reserved, coalesce(m.reserved, 0) AS ledger_reserved,
       coalesce(l.owed, 0) AS owed, coalesce(m.owed, 0) AS ledger_owed
  FROM stock_levels l
  FULL JOIN (SELECT variant_id, location_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved, sum(owed_delta) AS owed
               FROM stock_movements GROUP BY variant_id, location_id) m USING (variant_id, location_id)
 WHERE coalesce(l.on_hand, 0) <> coalesce(m.on_hand, 0) OR coalesce(l.reserved, 0) <> coalesce(m.reserved, 0)
    OR coalesce(l.owed, 0) <> coalesce(m.owed, 0);

GRANT SELECT (position, deactivated_at, version) ON stock_locations TO admin_service;
GRANT SELECT (backorder, backorder_limit, available_on, preorder_limit) ON product_variants TO admin_service;
GRANT SELECT (owed) ON stock_levels TO admin_service;
GRANT SELECT (owed) ON reservation_lines TO admin_service;
GRANT SELECT (owed_delta, transfer_id, stock_take_id) ON stock_movements TO admin_service;
GRANT SELECT (owed, ledger_owed) ON stock_ledger_differences TO admin_service;
