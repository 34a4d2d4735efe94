-- What third parties are told of the shop's events, by the rules of Standard Webhooks.

-- Where to. A secret signs what is sent, so it has to be readable; the one before it goes on signing until it ends.
CREATE TABLE webhook_endpoints (
  id                    uuid PRIMARY KEY,
  url                   text NOT NULL,
  description           text NOT NULL DEFAULT '',
  event_types           text[] NOT NULL,
  personal_data         boolean NOT NULL DEFAULT false, -- whether names and addresses are sent along
  secret                text NOT NULL,
  previous_secret       text,
  previous_secret_until timestamptz,
  disabled_at           timestamptz,
  disabled_because      text,
  failing_since         timestamptz,                    -- the first failed try since the last that got through
  created_at            timestamptz NOT NULL,
  updated_at            timestamptz NOT NULL,
  version               integer NOT NULL DEFAULT 1,
  CONSTRAINT webhook_endpoints_event_types CHECK (cardinality(event_types) > 0),
  CONSTRAINT webhook_endpoints_previous_secret CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL)),
  CONSTRAINT webhook_endpoints_disabled CHECK ((disabled_at IS NULL) = (disabled_because IS NULL)),
  CONSTRAINT webhook_endpoints_disabled_because CHECK (disabled_because IN ('staff', 'failing', 'gone'))
);

-- What happened, once for all endpoints that want to know. The id is the event's, and the header webhook-id.
CREATE TABLE webhook_messages (
  id          uuid PRIMARY KEY,
  type        text NOT NULL,
  subject     text NOT NULL,
  occurred_at timestamptz NOT NULL,
  sequence    bigint,
  data        jsonb NOT NULL,
  user_id     uuid,              -- whom it tells of, so that their name and address go with their account
  created_at  timestamptz NOT NULL
);
CREATE INDEX webhook_messages_age ON webhook_messages (created_at);
CREATE INDEX webhook_messages_subject ON webhook_messages (subject, id);
CREATE INDEX webhook_messages_user ON webhook_messages (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE webhook_deliveries (
  id            uuid PRIMARY KEY,
  endpoint_id   uuid NOT NULL REFERENCES webhook_endpoints ON DELETE CASCADE,
  message_id    uuid NOT NULL REFERENCES webhook_messages ON DELETE CASCADE,
  status        text NOT NULL DEFAULT 'waiting',
  tries         integer NOT NULL DEFAULT 0,   -- since it was last begun
  next_try_at   timestamptz NOT NULL,
  claimed_until timestamptz,                  -- a worker is at it; when this is past, it was killed
  last_status   integer,                      -- the last answer's, if there was one
  created_at    timestamptz NOT NULL,
  finished_at   timestamptz,
  CONSTRAINT webhook_deliveries_status CHECK (status IN ('waiting', 'delivered', 'failed')),
  CONSTRAINT webhook_deliveries_once UNIQUE (message_id, endpoint_id)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_try_at) WHERE status = 'waiting';
CREATE INDEX webhook_deliveries_claimed ON webhook_deliveries (endpoint_id, claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (endpoint_id, id DESC);
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (endpoint_id, created_at) WHERE status = 'failed';

-- Each try: what was sent, and what came back.
CREATE TABLE webhook_attempts (
  id          uuid PRIMARY KEY,
  delivery_id uuid NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
  at          timestamptz NOT NULL,
  url         text NOT NULL,
  signature   text NOT NULL,
  status      integer,
  answer      text NOT NULL DEFAULT '',       -- its first bytes
  error       text,                           -- why there is no answer
  latency_ms  integer NOT NULL
);
CREATE INDEX webhook_attempts_of ON webhook_attempts (delivery_id, id);
