-- From what each user signed in before, so that a sign-in from something else can be told to them. Only a hash of the kind of
-- device and its rough network: it recognises, and tells nothing.
CREATE TABLE known_devices (
  user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  fingerprint   bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
  first_seen_at timestamptz NOT NULL,
  last_seen_at  timestamptz NOT NULL,
  PRIMARY KEY (user_id, fingerprint)
);
CREATE INDEX known_devices_age ON known_devices (last_seen_at);
