-- Wish lists: what was wished for at which price, who may look, and what there is to tell by mail.

ALTER TABLE wishlist_items
  -- One variant, or whichever is cheapest.
  ADD variant_id uuid CONSTRAINT wishlist_items_variant_id_fkey REFERENCES product_variants (id),
  -- What it cost when it was added.
  ADD added_price bigint CONSTRAINT wishlist_items_added_price_check CHECK (added_price >= 0),
  ADD added_currency text,
  -- What it was when the watch last looked: news is what differs from it.
  ADD seen_price bigint,
  ADD seen_currency text,
  ADD seen_in_stock boolean,
  ADD CONSTRAINT wishlist_items_added_whole CHECK ((added_price IS NULL) = (added_currency IS NULL));
CREATE INDEX wishlist_items_newest ON wishlist_items (user_id, created_at, product_id);
CREATE INDEX wishlist_items_product_id ON wishlist_items (product_id, user_id);

-- Products that somebody wishes for and whose price or stock may have changed; written in the transaction of the change.
CREATE TABLE wishlist_changes (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id uuid NOT NULL
);

-- What there is to tell somebody of a product, and when they were last told of it. One row each, so that there is one mail at a time.
CREATE TABLE wishlist_alerts (
  user_id       uuid NOT NULL,
  product_id    uuid NOT NULL REFERENCES products (id),
  -- The price before it fell.
  price_before  bigint,
  currency      text,
  restocked     boolean NOT NULL DEFAULT false,
  -- Null: there is nothing to tell.
  due_at        timestamptz,
  -- Somebody is at it until then.
  claimed_until timestamptz,
  mailed_at     timestamptz,
  PRIMARY KEY (user_id, product_id),
  CONSTRAINT wishlist_alerts_price_whole CHECK ((price_before IS NULL) = (currency IS NULL)),
  CONSTRAINT wishlist_alerts_news CHECK (due_at IS NULL OR restocked OR price_before IS NOT NULL)
);
CREATE INDEX wishlist_alerts_due ON wishlist_alerts (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX wishlist_alerts_mailed ON wishlist_alerts (mailed_at) WHERE due_at IS NULL;

-- Who wants which mails; without a row, both.
CREATE TABLE wishlist_settings (
  user_id       uuid PRIMARY KEY,
  price_drop    boolean NOT NULL,
  back_in_stock boolean NOT NULL,
  updated_at    timestamptz NOT NULL
);

-- The links in mails that end them: SHA-256 of their tokens.
CREATE TABLE wishlist_unsubscribes (
  token_hash bytea PRIMARY KEY,
  user_id    uuid NOT NULL
);
CREATE INDEX wishlist_unsubscribes_user_id ON wishlist_unsubscribes (user_id);

-- Lists that are shown to whoever has the link; SHA-256 of its token.
CREATE TABLE wishlist_shares (
  user_id    uuid PRIMARY KEY,
  token_hash bytea NOT NULL CONSTRAINT wishlist_shares_token_key UNIQUE,
  -- Absent if the owner's name is not shown.
  name       text,
  created_at timestamptz NOT NULL
);

-- What a wish would cost now and whether it can be had: of each public product (variant_id is null), and of each of its variants.
-- Without groups or shared parts, so that a condition on the product reaches every table.
CREATE VIEW wishlist_offers AS
SELECT v.product_id, v.id AS variant_id, v.price, p.currency,
       coalesce((SELECT sum(l.on_hand - l.reserved - l.owed) FROM stock_levels l WHERE l.variant_id = v.id), 0) > 0 AS in_stock
  FROM product_variants v JOIN products p ON p.id = v.product_id
 WHERE p.status = 'active' AND v.archived_at IS NULL
UNION ALL
SELECT p.id, NULL, p.price_min, p.currency,
       EXISTS (SELECT FROM product_variants v
                WHERE v.product_id = p.id AND v.archived_at IS NULL
                  AND (SELECT sum(l.on_hand - l.reserved - l.owed) FROM stock_levels l WHERE l.variant_id = v.id) > 0)
  FROM products p
 WHERE p.status = 'active';
