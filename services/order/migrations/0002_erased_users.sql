-- Users whose accounts are deleted. Their orders stay, for the books; what the books do not need goes when an order is finished.
CREATE TABLE erased_users (
  user_id   uuid PRIMARY KEY,
  erased_at timestamptz NOT NULL,
  done_at   timestamptz             -- when nothing was left to remove
);
CREATE INDEX erased_users_open ON erased_users (erased_at) WHERE done_at IS NULL;

ALTER TABLE orders ADD COLUMN anonymised_at timestamptz;

GRANT SELECT (user_id, erased_at, done_at) ON erased_users TO admin_service;
GRANT SELECT (anonymised_at) ON orders TO admin_service;
