-- Catalogues that came as files, until they are applied, and for a while after.

CREATE TABLE imports (
  id           uuid PRIMARY KEY,
  requested_by uuid NOT NULL,
  -- Whose products these are, unless a row says otherwise.
  seller_id    uuid NOT NULL,
  -- Whether whoever sent it may make products public and import for any seller.
  by_staff     boolean NOT NULL,
  format       text NOT NULL CHECK (format IN ('mercato', 'shopify')),
  dry_run      boolean NOT NULL,
  -- Of prices that come without one.
  currency     text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  status       text NOT NULL CHECK (status IN ('uploading', 'queued', 'running', 'finished', 'cancelled')),
  delimiter    text NOT NULL CHECK (delimiter IN (',', ';', E'\t')),
  headings     text[] NOT NULL,
  total_rows   integer NOT NULL DEFAULT 0,
  -- Rows of products that are done with, whatever came of them.
  processed    integer NOT NULL DEFAULT 0,
  -- Products.
  created      integer NOT NULL DEFAULT 0,
  updated      integer NOT NULL DEFAULT 0,
  unchanged    integer NOT NULL DEFAULT 0,
  failed       integer NOT NULL DEFAULT 0,
  -- Who is at work on it, and until when nobody else is.
  claim        uuid,
  leased_until timestamptz,
  created_at   timestamptz NOT NULL,
  -- The last sign of life.
  updated_at   timestamptz NOT NULL,
  started_at   timestamptz,
  finished_at  timestamptz,
  CONSTRAINT imports_claim CHECK ((status = 'running') = (claim IS NOT NULL) AND (claim IS NULL) = (leased_until IS NULL))
);
CREATE INDEX imports_waiting ON imports (created_at, id) WHERE status IN ('queued', 'running');
CREATE INDEX imports_requested_by ON imports (requested_by, id);
CREATE INDEX imports_old ON imports (updated_at);

-- The rows of a file, grouped: one product each. Its outcome is written in the transaction of its effect, so that each is applied once.
CREATE TABLE import_products (
  import_id uuid NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
  handle    text NOT NULL,
  -- Its first row.
  row       integer NOT NULL,
  rows      integer NOT NULL,
  bytes     bigint NOT NULL,
  outcome   text CHECK (outcome IN ('created', 'updated', 'unchanged', 'failed')),
  errors    jsonb CHECK (jsonb_typeof(errors) = 'array'),
  PRIMARY KEY (import_id, handle),
  CONSTRAINT import_products_errors CHECK ((outcome = 'failed') IS TRUE = (errors IS NOT NULL))
);
CREATE INDEX import_products_pending ON import_products (import_id, row) WHERE outcome IS NULL;
CREATE INDEX import_products_failed ON import_products (import_id, row) WHERE outcome = 'failed';

CREATE TABLE import_rows (
  import_id uuid NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
  number    integer NOT NULL,
  handle    text NOT NULL,
  -- With the seller, if the row names one; null if the row has none.
  sku       text,
  cells     jsonb NOT NULL CHECK (jsonb_typeof(cells) = 'array'),
  -- The bad row that it stands for, until it has taken its place.
  mended    integer,
  PRIMARY KEY (import_id, number)
);
CREATE INDEX import_rows_handle ON import_rows (import_id, handle, number);
CREATE INDEX import_rows_sku ON import_rows (import_id, sku) WHERE sku IS NOT NULL;
