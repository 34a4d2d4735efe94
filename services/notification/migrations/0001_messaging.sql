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
