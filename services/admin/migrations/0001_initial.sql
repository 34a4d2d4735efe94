-- What the admin panel itself remembers. The shop's data lives with its services.

-- Who did what to what: a row when it is asked for, and one when it is known what came of it. Rows are only ever added: the application role may not change or remove one,
-- and the trigger stops even the owner.
CREATE TABLE audit_logs (
  id          uuid PRIMARY KEY,
  at          timestamptz NOT NULL,
  actor_id    uuid,                       -- absent when nobody is known, as in a failed sign-in
  actor_email text NOT NULL,
  action      text NOT NULL,              -- such as order.cancel
  target      text NOT NULL,              -- such as order:<id>
  outcome     text NOT NULL,              -- asked, done, or the problem's code
  details     jsonb NOT NULL DEFAULT '{}',
  request_id  text NOT NULL
);
CREATE INDEX audit_logs_by_time ON audit_logs (at DESC, id DESC);
CREATE INDEX audit_logs_by_target ON audit_logs (target, at DESC);
REVOKE UPDATE, DELETE, TRUNCATE ON audit_logs FROM admin_service;

CREATE FUNCTION audit_logs_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_logs is append-only';
END $$;
CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
  FOR EACH STATEMENT EXECUTE FUNCTION audit_logs_are_append_only();

-- What staff should know, made from events.
CREATE TABLE notifications (
  id         uuid PRIMARY KEY,
  at         timestamptz NOT NULL,
  kind       text NOT NULL,               -- the event's type
  subject    text NOT NULL,               -- the event's subject, such as order:<id>
  message    text NOT NULL,
  read_at    timestamptz
);
CREATE INDEX notifications_by_time ON notifications (at DESC, id DESC);

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
