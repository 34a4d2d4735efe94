-- What the state machine of orders looks at.

-- What disputes did to an order: whether its bank still questions a charge, and what it took back for good.
ALTER TABLE orders
  ADD COLUMN disputed     boolean NOT NULL DEFAULT false,
  ADD COLUMN charged_back bigint NOT NULL DEFAULT 0 CHECK (charged_back >= 0);
GRANT SELECT (disputed, charged_back) ON orders TO admin_service;
