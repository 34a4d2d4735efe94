-- After the sale: what comes back, where parcels are, what staff call an order, and who follows its timeline live.

-- The order in which an order's entries were written, which no clock disturbs: entries are written under the order's lock. Who
-- follows a timeline asks for what comes after the last entry they have.
ALTER TABLE order_events ADD seq bigint GENERATED ALWAYS AS IDENTITY;
CREATE INDEX order_events_after ON order_events (order_id, seq);

-- Wakes those who follow. It is sent when the transaction commits, and only then; a new order has no followers yet.
CREATE FUNCTION order_events_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('order_events', NEW.order_id::text);
  RETURN NULL;
END $$;
CREATE TRIGGER order_events_tell AFTER INSERT ON order_events
  FOR EACH ROW WHEN (NEW.type <> 'order.placed') EXECUTE FUNCTION order_events_tell();

-- Where the carrier shows the parcel.
ALTER TABLE shipments ADD tracking_url text;

-- Words by which staff find orders again.
CREATE TABLE order_tags (
  order_id uuid NOT NULL REFERENCES orders,
  tag      text NOT NULL CONSTRAINT order_tags_word CHECK (tag ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  actor    text NOT NULL,
  added_at timestamptz NOT NULL,
  PRIMARY KEY (order_id, tag)
);
CREATE INDEX order_tags_by_tag ON order_tags (tag, order_id DESC);

-- What a customer wants to send back, and what became of it. Its number for people is the order's, an R and the position.
CREATE TABLE returns (
  id           uuid PRIMARY KEY,
  order_id     uuid NOT NULL REFERENCES orders,
  position     integer NOT NULL,
  status       text NOT NULL CHECK (status IN ('requested', 'approved', 'rejected', 'withdrawn', 'received', 'refunded')),
  comment      text,                      -- the customer's
  actor        text NOT NULL,             -- who asked: customer, guest, staff:<id>
  answer       text,                      -- what the shop told the customer when it decided
  refund_id    uuid REFERENCES refunds,
  requested_at timestamptz NOT NULL,
  decided_at   timestamptz,
  received_at  timestamptz,
  updated_at   timestamptz NOT NULL,
  CONSTRAINT returns_position UNIQUE (order_id, position),
  CONSTRAINT returns_refunded CHECK (status <> 'refunded' OR refund_id IS NOT NULL),
  CONSTRAINT returns_received CHECK ((status IN ('received', 'refunded')) = (received_at IS NOT NULL))
);
CREATE INDEX returns_by_status ON returns (status, id);

CREATE TABLE return_items (
  return_id     uuid NOT NULL REFERENCES returns,
  order_item_id uuid NOT NULL REFERENCES order_items,
  quantity      integer NOT NULL CHECK (quantity > 0),
  reason        text NOT NULL CHECK (reason IN ('damaged', 'defective', 'wrong_item', 'not_as_described', 'too_late', 'unwanted', 'other')),
  received      integer NOT NULL DEFAULT 0,   -- units that came
  condition     text CHECK (condition IN ('new', 'opened', 'used', 'damaged')),
  restock       boolean,                      -- whether they are for sale again
  PRIMARY KEY (return_id, order_item_id),
  CONSTRAINT return_items_received CHECK (received BETWEEN 0 AND quantity),
  CONSTRAINT return_items_judged CHECK ((received > 0) = (condition IS NOT NULL) AND (received > 0) = (restock IS NOT NULL))
);
CREATE INDEX return_items_by_item ON return_items (order_item_id);

-- Nothing comes back that did not leave.
ALTER TABLE order_items
  ADD returned integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT order_items_returned CHECK (returned BETWEEN 0 AND shipped);

-- Orders are looked for by what is in them.
CREATE INDEX order_items_by_sku ON order_items (sku, order_id);

GRANT SELECT (tracking_url) ON shipments TO admin_service;
GRANT SELECT (order_id, tag, actor, added_at) ON order_tags TO admin_service;
GRANT SELECT (id, order_id, position, status, comment, actor, answer, refund_id, requested_at, decided_at, received_at, updated_at) ON returns TO admin_service;
GRANT SELECT (return_id, order_item_id, quantity, reason, received, condition, restock) ON return_items TO admin_service;
GRANT SELECT (returned) ON order_items TO admin_service;
