-- An address belongs to whoever verifies it; until then several accounts may claim it. So nobody learns by registering whether
-- an address has an account.
ALTER TABLE users DROP CONSTRAINT users_email_key;
CREATE UNIQUE INDEX users_verified_email ON users (email) WHERE email_verified_at IS NOT NULL;
CREATE INDEX users_email ON users (email, id);

-- One salt for each address, so that one Argon2 run compares a password with all accounts that claim it.
CREATE TABLE address_salts (
  email      text PRIMARY KEY CHECK (email = lower(email)),
  salt       bytea NOT NULL CHECK (octet_length(salt) BETWEEN 8 AND 48),
  created_at timestamptz NOT NULL
);
-- Of $argon2id$v=19$m=…,t=…,p=…$<salt>$<hash>, base64 without padding.
INSERT INTO address_salts (email, salt, created_at)
SELECT u.email, decode(b.salt || repeat('=', (4 - length(b.salt) % 4) % 4), 'base64'), now()
  FROM users u JOIN credentials c ON c.user_id = u.id CROSS JOIN LATERAL (SELECT split_part(c.password_hash, '$', 5) AS salt) b
 WHERE c.password_hash LIKE '$argon2id$v=19$%' AND length(b.salt) BETWEEN 11 AND 64;

-- What somebody who is not signed in asked to be mailed. Whether there is such an account is looked up later, so that the
-- answer cannot tell by its time.
CREATE TABLE mail_requests (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  purpose    text NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
  email      text NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (email, purpose)
);

-- A change of address that waits for its links: the old address agrees, the new one confirms. A later one replaces it.
CREATE TABLE email_changes (
  user_id      uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  new_email    text NOT NULL CHECK (new_email = lower(new_email)),
  approve_hash bytea NOT NULL CONSTRAINT email_changes_approve UNIQUE CHECK (octet_length(approve_hash) = 32),
  confirm_hash bytea NOT NULL CONSTRAINT email_changes_confirm UNIQUE CHECK (octet_length(confirm_hash) = 32),
  approved_at  timestamptz,
  confirmed_at timestamptz,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX email_changes_expiry ON email_changes (expires_at);
