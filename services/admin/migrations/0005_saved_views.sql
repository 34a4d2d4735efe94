-- Lists as staff like them: a name for the state of a list, which is the query of its address.
CREATE TABLE saved_views (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner_id   uuid NOT NULL,
  shared     boolean NOT NULL,            -- all staff see it; only its owner removes it
  page       text NOT NULL,               -- such as /admin/orders
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
  query      text NOT NULL CHECK (length(query) <= 2000),
  created_at timestamptz NOT NULL,
  UNIQUE (owner_id, page, name)
);
CREATE INDEX saved_views_shared ON saved_views (page) WHERE shared;
