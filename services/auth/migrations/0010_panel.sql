-- What staff change of somebody they change as they saw it, and say why.
ALTER TABLE users
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD COLUMN disabled_reason text;

-- The panel lists people newest first, and finds them by how their address, their name or their last name begins.
CREATE INDEX users_newest ON users (created_at, id);
CREATE INDEX users_disabled ON users (created_at, id) WHERE disabled_at IS NOT NULL;
CREATE INDEX users_unverified ON users (created_at, id) WHERE email_verified_at IS NULL;
CREATE INDEX users_not_customers ON users (role, created_at, id) WHERE role <> 'customer';
CREATE INDEX users_by_email_prefix ON users (email text_pattern_ops);
CREATE INDEX users_by_name_prefix ON users (lower(name) text_pattern_ops);
CREATE INDEX users_by_last_name_prefix ON users (lower(regexp_replace(name, '^.* ', '')) text_pattern_ops);

GRANT SELECT (version, disabled_reason) ON users TO admin_service;
-- That somebody has an authenticator app, and since when; never what it shares with us.
GRANT SELECT (user_id, confirmed_at) ON totp_secrets TO admin_service;
