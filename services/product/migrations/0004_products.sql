-- What a product is sold with: schedule, prices compared, measures, addresses that outlive a rename. Each rule that the previous
-- version does not know is kept by a trigger, so that it may go on running beside this one.

ALTER TABLE products
  ADD seo_title       text CONSTRAINT products_seo_title_check CHECK (seo_title <> ''),
  ADD seo_description text CONSTRAINT products_seo_description_check CHECK (seo_description <> ''),
  -- Set once staff have approved it, taken back when they refuse it. An approved draft waits for its time, or is past it.
  ADD approved_at     timestamptz,
  -- Public from, and until.
  ADD publish_at      timestamptz,
  ADD unpublish_at    timestamptz,
  ADD CONSTRAINT products_schedule_check CHECK (publish_at < unpublish_at);
UPDATE products SET approved_at = coalesce(published_at, updated_at) WHERE status = 'active';
-- What the clock will change, and next when.
CREATE INDEX products_to_publish ON products (publish_at) WHERE status = 'draft' AND approved_at IS NOT NULL;
CREATE INDEX products_to_unpublish ON products (unpublish_at) WHERE status = 'active';

ALTER TABLE product_variants
  -- Its product's seller, kept by the triggers below: a SKU is unique among what a seller sells.
  ADD seller_id        uuid,
  -- What it cost before, or what others ask; shown crossed out.
  ADD compare_at_price bigint CONSTRAINT product_variants_compare_at_price_check CHECK (compare_at_price > price),
  ADD barcode          text CONSTRAINT product_variants_barcode_check CHECK (barcode <> ''),
  ADD weight_grams     integer CONSTRAINT product_variants_weight_grams_check CHECK (weight_grams >= 0),
  ADD length_mm        integer CONSTRAINT product_variants_length_mm_check CHECK (length_mm > 0),
  ADD width_mm         integer CONSTRAINT product_variants_width_mm_check CHECK (width_mm > 0),
  ADD height_mm        integer CONSTRAINT product_variants_height_mm_check CHECK (height_mm > 0),
  ADD CONSTRAINT product_variants_dimensions_check CHECK (num_nulls(length_mm, width_mm, height_mm) IN (0, 3));

CREATE FUNCTION product_variants_seller() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT seller_id INTO NEW.seller_id FROM products WHERE id = NEW.product_id;
  RETURN NEW;
END $$;
CREATE TRIGGER product_variants_seller BEFORE INSERT ON product_variants
  FOR EACH ROW EXECUTE FUNCTION product_variants_seller();
CREATE FUNCTION products_seller() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE product_variants SET seller_id = NEW.seller_id WHERE product_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER products_seller AFTER UPDATE OF seller_id ON products
  FOR EACH ROW WHEN (OLD.seller_id <> NEW.seller_id) EXECUTE FUNCTION products_seller();
UPDATE product_variants v SET seller_id = p.seller_id FROM products p WHERE p.id = v.product_id;
ALTER TABLE product_variants ALTER seller_id SET NOT NULL;

-- The name stays: code of both versions turns it into an answer.
DROP INDEX product_variants_sku_key;
CREATE UNIQUE INDEX product_variants_sku_key ON product_variants (seller_id, sku) WHERE archived_at IS NULL;

-- Every address that a product has or had. None is ever given to another product, so that an old link never leads elsewhere.
CREATE TABLE product_slugs (
  slug       text CONSTRAINT product_slugs_pkey PRIMARY KEY CHECK (slug <> ''),
  -- Claimed before the product is written.
  product_id uuid NOT NULL REFERENCES products (id) DEFERRABLE INITIALLY DEFERRED,
  created_at timestamptz NOT NULL
);
CREATE INDEX product_slugs_product_id ON product_slugs (product_id);
INSERT INTO product_slugs (slug, product_id, created_at) SELECT slug, id, created_at FROM products;
CREATE FUNCTION products_slug() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO product_slugs (slug, product_id, created_at) VALUES (NEW.slug, NEW.id, NEW.updated_at) ON CONFLICT (slug) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER products_slug AFTER INSERT OR UPDATE OF slug ON products FOR EACH ROW EXECUTE FUNCTION products_slug();

-- At which prices a variant was offered to the public, and when. The open row is what it costs now; what is not public has none.
CREATE TABLE price_history (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  variant_id       uuid NOT NULL REFERENCES product_variants (id),
  price            bigint NOT NULL CHECK (price >= 0),
  -- A reduction was announced if it stands above the price.
  compare_at_price bigint,
  currency         text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  valid_from       timestamptz NOT NULL,
  valid_until      timestamptz,
  CONSTRAINT price_history_period_check CHECK (valid_from <= valid_until)
);
CREATE UNIQUE INDEX price_history_open ON price_history (variant_id) WHERE valid_until IS NULL;
CREATE INDEX price_history_variant_id ON price_history (variant_id, valid_from);
INSERT INTO price_history (variant_id, price, currency, valid_from)
SELECT v.id, v.price, p.currency, v.updated_at
  FROM product_variants v JOIN products p ON p.id = v.product_id
 WHERE p.status = 'active' AND v.archived_at IS NULL;

GRANT SELECT (seo_title, seo_description, approved_at, publish_at, unpublish_at) ON products TO admin_service;
GRANT SELECT (seller_id, compare_at_price, barcode, weight_grams, length_mm, width_mm, height_mm) ON product_variants TO admin_service;
GRANT SELECT (slug, product_id, created_at) ON product_slugs TO admin_service;
GRANT SELECT (id, variant_id, price, compare_at_price, currency, valid_from, valid_until) ON price_history TO admin_service;
