-- Goods that customers send back: a movement of its own, once for each return and place.
ALTER TABLE stock_movements
  ADD return_id uuid,
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
    WHEN 'return'   THEN on_hand_delta > 0 AND reserved_delta = 0 AND owed_delta = 0
    ELSE false END),
  ADD CONSTRAINT stock_movements_order_check CHECK ((order_id IS NOT NULL) = (kind IN ('reserve', 'release', 'sell', 'restock', 'serve', 'return'))),
  ADD CONSTRAINT stock_movements_return_check CHECK ((return_id IS NOT NULL) = (kind = 'return'));
-- An order may come back in several parcels.
DROP INDEX stock_movements_once_per_order;
CREATE UNIQUE INDEX stock_movements_once_per_order ON stock_movements (order_id, variant_id, location_id, kind)
  WHERE order_id IS NOT NULL AND kind NOT IN ('serve', 'return');
CREATE UNIQUE INDEX stock_movements_once_per_return ON stock_movements (return_id, variant_id, location_id) WHERE return_id IS NOT NULL;

GRANT SELECT (return_id) ON stock_movements TO admin_service;
