-- What authenticators call a user: random, so that an authenticator that is lost tells nothing.
CREATE TABLE passkey_handles (
  user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  handle  bytea NOT NULL UNIQUE CHECK (octet_length(handle) = 64)
);

-- Keys with which users sign in; only the public half.
CREATE TABLE passkeys (
  id              uuid PRIMARY KEY,
  user_id         uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  credential_id   bytea NOT NULL CONSTRAINT passkeys_credential_id_key UNIQUE CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
  -- A COSE_Key, as the authenticator wrote it.
  public_key      bytea NOT NULL,
  sign_count      bigint NOT NULL CHECK (sign_count BETWEEN 0 AND 4294967295),
  -- The authenticator's model; zero when it does not say.
  aaguid          uuid NOT NULL,
  transports      text[] NOT NULL,
  -- Whether its authenticator verifies its user, so that it is enough by itself.
  verifies_user   boolean NOT NULL,
  backup_eligible boolean NOT NULL,
  backed_up       boolean NOT NULL,
  name            text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  created_at      timestamptz NOT NULL,
  last_used_at    timestamptz,
  CHECK (backup_eligible OR NOT backed_up)
);
CREATE INDEX passkeys_user ON passkeys (user_id, id);

-- What authenticators are to sign, each good once. Without a user: a sign-in that begins with the passkey.
CREATE TABLE passkey_challenges (
  challenge_hash bytea PRIMARY KEY CHECK (octet_length(challenge_hash) = 32),
  purpose        text NOT NULL CHECK (purpose IN ('registration', 'sign_in', 'second_factor', 'reauthentication')),
  user_id        uuid REFERENCES users ON DELETE CASCADE,
  expires_at     timestamptz NOT NULL,
  CHECK ((user_id IS NULL) = (purpose = 'sign_in'))
);
CREATE INDEX passkey_challenges_user ON passkey_challenges (user_id);
CREATE INDEX passkey_challenges_expiry ON passkey_challenges (expires_at);

-- The admin panel sees that somebody has passkeys, not which.
GRANT SELECT (user_id, name, created_at, last_used_at) ON passkeys TO admin_service;
