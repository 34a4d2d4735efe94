-- Keys with which programs act for their owner. Of each only a hash is known, and its beginning, by which people tell them apart.
-- Tokens that a key was exchanged for carry its id as their session: so that is what a revocation names.
CREATE TABLE api_keys (
  id           uuid PRIMARY KEY,
  user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  name         text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  prefix       text NOT NULL CHECK (char_length(prefix) = 11),
  key_hash     bytea NOT NULL CONSTRAINT api_keys_hash_key UNIQUE CHECK (octet_length(key_hash) = 32),
  scopes       text[] NOT NULL CHECK (cardinality(scopes) > 0),
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz,
  expires_at   timestamptz CHECK (expires_at > created_at),
  revoked_at   timestamptz
);
CREATE INDEX api_keys_user ON api_keys (user_id, id);

GRANT SELECT (id, user_id, name, prefix, scopes, created_at, last_used_at, expires_at, revoked_at) ON api_keys TO admin_service;
