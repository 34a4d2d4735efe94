-- What people write to the shop and to each other, and what they are told.

-- A conversation: a user with the shop's staff (support), or with the seller of a product (seller).
CREATE TABLE threads (
  id              uuid PRIMARY KEY,
  kind            text NOT NULL,
  user_id         uuid NOT NULL,            -- who began it
  seller_id       uuid,
  order_id        uuid,
  product_id      uuid,
  about           text,                     -- the order's number or the product's title, as it was
  subject         text NOT NULL,
  status          text NOT NULL DEFAULT 'open',
  assignee_id     uuid,                     -- of the staff
  user_unread     integer NOT NULL DEFAULT 0,
  other_unread    integer NOT NULL DEFAULT 0, -- of the seller, or of all staff together
  last_message_at timestamptz NOT NULL,
  last_from       text NOT NULL,
  last_text       text NOT NULL,            -- its beginning
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  version         integer NOT NULL DEFAULT 1,
  CONSTRAINT threads_kind CHECK (kind IN ('support', 'seller')),
  CONSTRAINT threads_seller CHECK ((kind = 'seller') = (seller_id IS NOT NULL)),
  CONSTRAINT threads_seller_about_product CHECK (kind = 'support' OR product_id IS NOT NULL),
  CONSTRAINT threads_not_with_oneself CHECK (seller_id <> user_id),
  CONSTRAINT threads_status CHECK (status IN ('open', 'waiting', 'closed')), -- an answer is wanted from the shop or seller, from the user, from nobody
  CONSTRAINT threads_last_from CHECK (last_from IN ('user', 'seller', 'staff'))
);
CREATE INDEX threads_of_user ON threads (user_id, last_message_at DESC, id DESC);
CREATE INDEX threads_of_seller ON threads (seller_id, last_message_at DESC, id DESC) WHERE seller_id IS NOT NULL;
CREATE INDEX threads_inbox ON threads (kind, status, last_message_at DESC, id DESC);
CREATE INDEX threads_all ON threads (last_message_at DESC, id DESC);
CREATE INDEX threads_assigned ON threads (assignee_id, status, last_message_at DESC, id DESC) WHERE assignee_id IS NOT NULL;
CREATE INDEX threads_of_order ON threads (order_id) WHERE order_id IS NOT NULL;
-- One conversation about a product with its seller at a time.
CREATE UNIQUE INDEX threads_once ON threads (user_id, product_id) WHERE kind = 'seller' AND status <> 'closed';

-- seq is their order: who writes holds the conversation's lock.
CREATE TABLE messages (
  id          uuid PRIMARY KEY,
  seq         bigint GENERATED ALWAYS AS IDENTITY,
  thread_id   uuid NOT NULL REFERENCES threads ON DELETE CASCADE,
  author_id   uuid,                         -- absent when the account is gone
  author      text NOT NULL,
  body        text NOT NULL,
  internal    boolean NOT NULL DEFAULT false, -- a note that only staff see
  created_at  timestamptz NOT NULL,
  CONSTRAINT messages_author CHECK (author IN ('user', 'seller', 'staff')),
  CONSTRAINT messages_internal CHECK (author = 'staff' OR NOT internal)
);
CREATE INDEX messages_of_thread ON messages (thread_id, seq DESC);
CREATE INDEX messages_of_author ON messages (author_id, created_at);

-- What somebody is told. seq grows with what they were told before, so that who follows can go on after what they have.
CREATE SEQUENCE user_notifications_seq;
CREATE TABLE user_notifications (
  id       uuid PRIMARY KEY,
  seq      bigint NOT NULL,
  user_id  uuid NOT NULL,
  at       timestamptz NOT NULL,
  kind     text NOT NULL,
  subject  text NOT NULL,                   -- such as order:<id>
  message  text NOT NULL,
  read_at  timestamptz,
  CONSTRAINT user_notifications_place UNIQUE (user_id, seq)
);
CREATE INDEX user_notifications_unread ON user_notifications (user_id, seq) WHERE read_at IS NULL;
CREATE INDEX user_notifications_age ON user_notifications (at);
GRANT USAGE ON SEQUENCE user_notifications_seq TO admin_service;

-- News of orders, until it is known whom to tell: their events do not say whose they are.
CREATE TABLE order_news (
  id       uuid PRIMARY KEY,
  order_id uuid NOT NULL,
  at       timestamptz NOT NULL,
  kind     text NOT NULL,
  message  text NOT NULL
);

-- Of what somebody does not want to be told.
CREATE TABLE notification_preferences (
  user_id    uuid PRIMARY KEY,
  muted      text[] NOT NULL,
  updated_at timestamptz NOT NULL
);

-- How far a member of staff has read the notifications for staff.
CREATE TABLE notification_marks (
  user_id uuid PRIMARY KEY,
  read_to timestamptz NOT NULL
);

-- What a caller's Idempotency-Key brought about, written in the transaction of its effect.
CREATE TABLE idempotency_keys (
  user_id    uuid NOT NULL,
  key        text NOT NULL,
  body_hash  bytea NOT NULL,
  made       uuid NOT NULL,                 -- the conversation or the message
  created_at timestamptz NOT NULL,
  CONSTRAINT idempotency_keys_once PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
