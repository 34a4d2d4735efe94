-- What authenticator apps share with us. Sealed by a key outside the database, so that the database alone makes no codes.
CREATE TABLE totp_secrets (
  user_id      uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  sealed       bytea NOT NULL,
  -- The 30 seconds whose code was used last: no code is good twice.
  last_step    bigint NOT NULL,
  confirmed_at timestamptz NOT NULL
);

-- A secret that was shown, and counts when the app has proved that it has it.
CREATE TABLE totp_enrolments (
  user_id    uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  sealed     bytea NOT NULL,
  expires_at timestamptz NOT NULL
);

-- For the day when the app is lost; each is good once.
CREATE TABLE recovery_codes (
  user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  code_hash  bytea NOT NULL CHECK (octet_length(code_hash) = 32),
  created_at timestamptz NOT NULL,
  used_at    timestamptz,
  PRIMARY KEY (user_id, code_hash)
);

-- Wrong codes in a row, over all sign-ins of a user.
CREATE TABLE wrong_codes (
  user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  count   integer NOT NULL,
  since   timestamptz NOT NULL
);

-- The panel's sessions are sessions like others: it sees when and how staff proved who they are.
GRANT SELECT (authenticated_at, methods) ON sessions TO admin_service;

ALTER TABLE sessions DROP CONSTRAINT sessions_revoked_why_check;
ALTER TABLE sessions ADD CONSTRAINT sessions_revoked_why_check
  CHECK (revoked_why IN ('logout', 'logout_all', 'ended', 'reuse', 'password', 'disabled', 'second_factor'));
