-- The catalogue: categories, products with their variants and pictures, and what customers say about them.

CREATE TABLE categories (
  id         uuid PRIMARY KEY,
  parent_id  uuid CONSTRAINT categories_parent_id_fkey REFERENCES categories (id),
  slug       text NOT NULL CONSTRAINT categories_slug_key UNIQUE CHECK (slug <> ''),
  name       text NOT NULL CHECK (name <> ''),
  position   integer NOT NULL DEFAULT 0,
  version    integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT categories_not_own_parent CHECK (parent_id <> id)
);
CREATE INDEX categories_parent_id ON categories (parent_id);

CREATE TABLE products (
  id               uuid PRIMARY KEY,
  seller_id        uuid NOT NULL,
  category_id      uuid CONSTRAINT products_category_id_fkey REFERENCES categories (id),
  slug             text NOT NULL CONSTRAINT products_slug_key UNIQUE CHECK (slug <> ''),
  title            text NOT NULL CHECK (title <> ''),
  description      text NOT NULL,
  status           text NOT NULL CHECK (status IN ('draft', 'pending_review', 'active', 'rejected', 'archived')),
  rejection_reason text,
  tax_class        text NOT NULL DEFAULT 'standard' CHECK (tax_class IN ('standard', 'reduced', 'zero')),
  -- Names of the options in the order in which a shop shows them; empty for a simple product.
  option_names     text[] NOT NULL DEFAULT '{}',
  attributes       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
  -- One currency for all variants; the range of their prices is kept here in the same transaction.
  currency         text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  price_min        bigint NOT NULL CHECK (price_min >= 0),
  price_max        bigint NOT NULL,
  -- SKUs of the variants, for the search alone.
  skus             text NOT NULL DEFAULT '',
  rating_sum       bigint NOT NULL DEFAULT 0 CHECK (rating_sum >= 0),
  rating_count     integer NOT NULL DEFAULT 0 CHECK (rating_count >= 0),
  -- The average in thousandths, to sort and filter by.
  rating_milli     bigint NOT NULL GENERATED ALWAYS AS (CASE rating_count WHEN 0 THEN 0 ELSE rating_sum * 1000 / rating_count END) STORED,
  sold_count       bigint NOT NULL DEFAULT 0 CHECK (sold_count >= 0),
  version          integer NOT NULL DEFAULT 1,
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  published_at     timestamptz,
  search           tsvector NOT NULL GENERATED ALWAYS AS (
    setweight(to_tsvector('english', title), 'A')
      || setweight(to_tsvector('simple', skus), 'A')
      || setweight(jsonb_to_tsvector('english', attributes, '["string"]'), 'B')
      || setweight(to_tsvector('english', description), 'C')
  ) STORED,
  CONSTRAINT products_price_range CHECK (price_min <= price_max)
);
CREATE INDEX products_search ON products USING gin (search);
CREATE INDEX products_title_trgm ON products USING gin (title gin_trgm_ops);
CREATE INDEX products_category_id ON products (category_id);
CREATE INDEX products_seller_id ON products (seller_id, id);
-- One index for each sort of the public list; `newest` is the order of the ids.
CREATE INDEX products_active ON products (id) WHERE status = 'active';
CREATE INDEX products_active_price ON products (price_min, id) WHERE status = 'active';
CREATE INDEX products_active_rating ON products (rating_milli, id) WHERE status = 'active';
CREATE INDEX products_active_sold ON products (sold_count, id) WHERE status = 'active';
CREATE INDEX products_pending ON products (updated_at, id) WHERE status = 'pending_review';

-- What is stocked and sold. A variant is never deleted, because orders tell of it: it is archived.
CREATE TABLE product_variants (
  id                  uuid PRIMARY KEY,
  product_id          uuid NOT NULL REFERENCES products (id),
  sku                 text NOT NULL CHECK (sku <> ''),
  options             jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(options) = 'object'),
  price               bigint NOT NULL CHECK (price >= 0),
  position            integer NOT NULL,
  low_stock_threshold integer NOT NULL DEFAULT 5 CHECK (low_stock_threshold >= 0),
  archived_at         timestamptz,
  created_at          timestamptz NOT NULL,
  updated_at          timestamptz NOT NULL
);
CREATE UNIQUE INDEX product_variants_sku_key ON product_variants (sku) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX product_variants_options_key ON product_variants (product_id, options) WHERE archived_at IS NULL;
CREATE INDEX product_variants_product_id ON product_variants (product_id);

CREATE TABLE product_images (
  id           uuid PRIMARY KEY,
  product_id   uuid NOT NULL REFERENCES products (id),
  position     integer NOT NULL,
  file_name    text NOT NULL UNIQUE,
  content_type text NOT NULL CHECK (content_type IN ('image/png', 'image/jpeg')),
  bytes        integer NOT NULL CHECK (bytes > 0),
  width        integer NOT NULL CHECK (width > 0),
  height       integer NOT NULL CHECK (height > 0),
  alt          text NOT NULL,
  created_at   timestamptz NOT NULL
);
CREATE INDEX product_images_product_id ON product_images (product_id, position, id);

-- Who bought what, learnt from confirmed orders: who may write a review.
CREATE TABLE purchases (
  user_id      uuid NOT NULL,
  product_id   uuid NOT NULL REFERENCES products (id),
  order_id     uuid NOT NULL,
  quantity     integer NOT NULL CHECK (quantity > 0),
  purchased_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, product_id, order_id)
);
CREATE INDEX purchases_order_id ON purchases (order_id);

CREATE TABLE reviews (
  id          uuid PRIMARY KEY,
  product_id  uuid NOT NULL REFERENCES products (id),
  user_id     uuid NOT NULL,
  author_name text NOT NULL,
  rating      smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
  title       text NOT NULL,
  body        text NOT NULL,
  version     integer NOT NULL DEFAULT 1,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  CONSTRAINT reviews_one_per_buyer UNIQUE (product_id, user_id)
);
CREATE INDEX reviews_product_id ON reviews (product_id, id);

CREATE TABLE wishlist_items (
  user_id    uuid NOT NULL,
  product_id uuid NOT NULL REFERENCES products (id),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, product_id)
);

GRANT SELECT (id, parent_id, slug, name, position, version, created_at, updated_at) ON categories TO admin_service;
GRANT SELECT (id, seller_id, category_id, slug, title, description, status, rejection_reason, tax_class, option_names, attributes,
              currency, price_min, price_max, skus, rating_sum, rating_count, rating_milli, sold_count, version, created_at,
              updated_at, published_at, search) ON products TO admin_service;
GRANT SELECT (id, product_id, sku, options, price, position, low_stock_threshold, archived_at, created_at, updated_at)
  ON product_variants TO admin_service;
GRANT SELECT (id, product_id, position, file_name, content_type, bytes, width, height, alt, created_at) ON product_images TO admin_service;
GRANT SELECT (user_id, product_id, order_id, quantity, purchased_at) ON purchases TO admin_service;
GRANT SELECT (id, product_id, user_id, author_name, rating, title, body, version, created_at, updated_at) ON reviews TO admin_service;
