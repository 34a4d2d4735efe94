-- Accounts whose owners asked for their deletion: a sign-in before it is due takes it back.
CREATE TABLE account_deletions (
  user_id      uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  requested_at timestamptz NOT NULL,
  due_at       timestamptz NOT NULL
);
CREATE INDEX account_deletions_due ON account_deletions (due_at);

GRANT SELECT (user_id, requested_at, due_at) ON account_deletions TO admin_service;
