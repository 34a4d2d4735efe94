-- Who an identity provider says somebody is. The key is what it never changes: the issuer, and `sub` or Entra's `oid`.
CREATE TABLE external_identities (
  id               uuid PRIMARY KEY,
  user_id          uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  provider         text NOT NULL,
  issuer           text NOT NULL,
  subject          text NOT NULL,
  created_at       timestamptz NOT NULL,
  last_used_at     timestamptz NOT NULL,
  -- When the newest claims were issued whose roles were applied: older tokens must not bring back what was taken since.
  claims_at        timestamptz NOT NULL,
  -- The session of the provider's own access tokens, which are accepted as they are: ending it refuses those from before.
  token_session_id uuid,
  CONSTRAINT external_identities_key UNIQUE (issuer, subject)
);
CREATE INDEX external_identities_user ON external_identities (user_id, id);

-- A browser that was sent to a provider. The code verifier and the nonce follow from the two secrets, which only the browser has.
CREATE TABLE oidc_requests (
  state_hash   bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
  browser_hash bytea NOT NULL CHECK (octet_length(browser_hash) = 32),
  provider     text NOT NULL,
  return_to    text,
  fresh        boolean NOT NULL,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX oidc_requests_expiry ON oidc_requests (expires_at);

-- A sign-in whose tokens the page that the browser returns to has still to fetch.
CREATE TABLE oidc_sign_in_codes (
  code_hash        bytea PRIMARY KEY CHECK (octet_length(code_hash) = 32),
  user_id          uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  second_factor    boolean NOT NULL,
  authenticated_at timestamptz NOT NULL,
  created_at       timestamptz NOT NULL,
  expires_at       timestamptz NOT NULL
);
CREATE INDEX oidc_sign_in_codes_user ON oidc_sign_in_codes (user_id);
CREATE INDEX oidc_sign_in_codes_expiry ON oidc_sign_in_codes (expires_at);

-- An identity whose address an account has already: it waits for that account's owner to agree.
CREATE TABLE oidc_links (
  token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  provider   text NOT NULL,
  issuer     text NOT NULL,
  subject    text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX oidc_links_user ON oidc_links (user_id);
CREATE INDEX oidc_links_expiry ON oidc_links (expires_at);

GRANT SELECT (id, user_id, provider, issuer, created_at, last_used_at) ON external_identities TO admin_service;
