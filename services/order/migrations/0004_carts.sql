-- Guests' carts live in Redis now and come here when they are checked out or merged, under the id they had. Open carts of guests that are here
-- already stay, and work until they are checked out, merged or 30 days old.
ALTER TABLE cart_items ADD COLUMN seen_price bigint;           -- of a unit, when the customer last said that the line is right
ALTER TABLE carts ADD COLUMN told_version integer;             -- the version that the last cart.updated told of
ALTER TABLE carts ADD COLUMN abandoned_version integer;        -- the version that the last cart.abandoned told of

CREATE INDEX carts_untold ON carts (updated_at) WHERE status = 'open' AND told_version IS DISTINCT FROM version;
CREATE INDEX carts_not_abandoned ON carts (updated_at) WHERE status = 'open' AND abandoned_version IS DISTINCT FROM version;
CREATE INDEX carts_of_guests ON carts (updated_at) WHERE status = 'open' AND user_id IS NULL;

-- Which version of a cart in Redis the last cart.abandoned told of, written in the event's transaction.
CREATE TABLE abandoned_guest_carts (
  cart_id      uuid PRIMARY KEY,
  version      integer NOT NULL,
  abandoned_at timestamptz NOT NULL
);
CREATE INDEX abandoned_guest_carts_age ON abandoned_guest_carts (abandoned_at);

GRANT SELECT (version, told_version, abandoned_version) ON carts TO admin_service;
GRANT SELECT (seen_price) ON cart_items TO admin_service;
