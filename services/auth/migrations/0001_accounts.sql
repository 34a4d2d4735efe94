-- Events to be published, written in the transaction of the change they tell of. The relay deletes what the broker has confirmed.
CREATE TABLE outbox (
  seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id            uuid NOT NULL UNIQUE,
  aggregate     text NOT NULL,
  event_type    text NOT NULL,
  envelope      jsonb NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  claimed_until timestamptz,
  attempts      integer NOT NULL DEFAULT 0
);
CREATE INDEX outbox_aggregate ON outbox (aggregate, seq);

-- Events already applied, written in the transaction of their effect, so that a redelivery changes nothing.
CREATE TABLE inbox (
  consumer     text NOT NULL,
  event_id     uuid NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);

-- People with an account.
CREATE TABLE users (
  id                uuid PRIMARY KEY,
  email             text NOT NULL CONSTRAINT users_email_key UNIQUE CHECK (email = lower(email)),
  email_verified_at timestamptz,
  name              text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
  role              text NOT NULL CHECK (role IN ('customer', 'seller', 'support', 'admin')),
  disabled_at       timestamptz,
  created_at        timestamptz NOT NULL,
  updated_at        timestamptz NOT NULL
);
CREATE INDEX users_role ON users (role, id);
CREATE INDEX users_search ON users USING gin ((email || ' ' || name) gin_trgm_ops);

-- How they prove who they are. Apart from users, so that nobody reads a hash by reading a user.
CREATE TABLE credentials (
  user_id       uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  password_hash text NOT NULL,
  changed_at    timestamptz NOT NULL
);

-- One row for each sign-in on a device: the family of its refresh tokens.
CREATE TABLE sessions (
  id           uuid PRIMARY KEY,
  user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  user_agent   text,
  ip           text,
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  revoked_at   timestamptz,
  revoked_why  text CHECK (revoked_why IN ('logout', 'logout_all', 'ended', 'reuse', 'password', 'disabled')),
  CHECK ((revoked_at IS NULL) = (revoked_why IS NULL))
);
CREATE INDEX sessions_user ON sessions (user_id, id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Each is good once. A used one stays, so that its second use is recognised.
CREATE TABLE refresh_tokens (
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- What links in mails carry.
CREATE TABLE one_time_tokens (
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  purpose    text NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
  email      text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id, purpose);
CREATE INDEX one_time_tokens_expiry ON one_time_tokens (expires_at);

-- Access tokens to be refused before they expire: told to every process through Redis, by who wrote the row or by the reconciler.
CREATE TABLE revocations (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session_id    uuid,
  user_id       uuid,
  issued_before timestamptz,
  until         timestamptz NOT NULL,
  published_at  timestamptz,
  CHECK ((session_id IS NOT NULL AND user_id IS NULL AND issued_before IS NULL)
      OR (session_id IS NULL AND user_id IS NOT NULL AND issued_before IS NOT NULL))
);
CREATE INDEX revocations_unpublished ON revocations (id) WHERE published_at IS NULL;

CREATE TABLE addresses (
  id                  uuid PRIMARY KEY,
  user_id             uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  name                text NOT NULL,
  line1               text NOT NULL,
  line2               text,
  city                text NOT NULL,
  region              text,
  postal_code         text NOT NULL,
  country             text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
  phone               text,
  is_default_shipping boolean NOT NULL DEFAULT false,
  is_default_billing  boolean NOT NULL DEFAULT false,
  created_at          timestamptz NOT NULL,
  updated_at          timestamptz NOT NULL
);
CREATE INDEX addresses_user ON addresses (user_id, id);
CREATE UNIQUE INDEX addresses_default_shipping ON addresses (user_id) WHERE is_default_shipping;
CREATE UNIQUE INDEX addresses_default_billing ON addresses (user_id) WHERE is_default_billing;

-- The admin panel reads people, never what proves who they are.
GRANT SELECT (id, email, email_verified_at, name, role, disabled_at, created_at, updated_at) ON users TO admin_service;
GRANT SELECT (id, user_id, user_agent, created_at, last_used_at, expires_at, revoked_at, revoked_why) ON sessions TO admin_service;
GRANT SELECT (id, user_id, name, line1, line2, city, region, postal_code, country, phone, is_default_shipping,
              is_default_billing, created_at, updated_at) ON addresses TO admin_service;
GRANT SELECT (seq, id, aggregate, event_type, created_at, attempts) ON outbox TO admin_service;
