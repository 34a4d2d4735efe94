-- What the admin panel finds products by, and what it says of them.

-- Titles and SKUs of all products: the shop's own search knows only what is public.
CREATE INDEX products_words_trgm ON products USING gin ((title || ' ' || skus) gin_trgm_ops);
CREATE INDEX products_status ON products (status, id);

-- What was sold of a variant since a day: sales less what an order that was cancelled gave back.
CREATE INDEX stock_movements_sold ON stock_movements (variant_id, created_at) INCLUDE (on_hand_delta, owed_delta) WHERE kind IN ('sell', 'restock');

-- Variants of which as little is left as staff want to hear of, or nothing. Written when stock crosses either mark, so that nobody
-- has to look through all stock to find them.
CREATE TABLE low_stock (
  variant_id uuid PRIMARY KEY REFERENCES product_variants (id),
  product_id uuid NOT NULL REFERENCES products (id),
  sold_out   boolean NOT NULL
);
CREATE INDEX low_stock_product_id ON low_stock (product_id, sold_out);

-- Notes anew how it stands with variants whose stock is locked, or that nobody else can see yet.
CREATE FUNCTION note_low_stock(variants uuid[]) RETURNS void LANGUAGE sql AS $$
  WITH found AS (
    SELECT v.id, v.product_id, v.archived_at IS NULL AND l.free <= v.low_stock_threshold AS low, l.free <= 0 AS sold_out
      FROM product_variants v,
           LATERAL (SELECT coalesce(sum(on_hand - reserved - owed), 0) AS free FROM stock_levels WHERE variant_id = v.id) l
     WHERE v.id = ANY(variants)
  ), gone AS (
    DELETE FROM low_stock USING found WHERE variant_id = found.id AND NOT found.low
  )
  INSERT INTO low_stock (variant_id, product_id, sold_out)
  SELECT id, product_id, sold_out FROM found WHERE low
  ON CONFLICT (variant_id) DO UPDATE SET sold_out = excluded.sold_out WHERE low_stock.sold_out <> excluded.sold_out
$$;

CREATE FUNCTION product_variants_low_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_low_stock(ARRAY[NEW.id]);
  RETURN NULL;
END $$;
CREATE TRIGGER product_variants_low_stock_first AFTER INSERT ON product_variants
  FOR EACH ROW EXECUTE FUNCTION product_variants_low_stock();
CREATE TRIGGER product_variants_low_stock AFTER UPDATE OF archived_at, low_stock_threshold ON product_variants
  FOR EACH ROW WHEN ((OLD.archived_at, OLD.low_stock_threshold) IS DISTINCT FROM (NEW.archived_at, NEW.low_stock_threshold))
  EXECUTE FUNCTION product_variants_low_stock();

INSERT INTO low_stock (variant_id, product_id, sold_out)
SELECT v.id, v.product_id, l.free <= 0
  FROM product_variants v,
       LATERAL (SELECT coalesce(sum(on_hand - reserved - owed), 0) AS free FROM stock_levels WHERE variant_id = v.id) l
 WHERE v.archived_at IS NULL AND l.free <= v.low_stock_threshold;

-- What a product said when staff last decided on it, so that they see what is different when it comes again.
CREATE TABLE product_decisions (
  product_id uuid PRIMARY KEY REFERENCES products (id),
  approved   boolean NOT NULL,
  decided_at timestamptz NOT NULL,
  content    jsonb NOT NULL
);

-- What people read of a product, as one value to be compared with another.
CREATE FUNCTION product_content(product uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
           'title', p.title, 'description', p.description, 'category', c.name, 'tax_class', p.tax_class, 'attributes', p.attributes,
           'seo_title', p.seo_title, 'seo_description', p.seo_description, 'publish_at', p.publish_at, 'unpublish_at', p.unpublish_at,
           'currency', p.currency,
           'variants', (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', v.sku, 'options', v.options, 'price', v.price,
                                                                     'compare_at_price', v.compare_at_price) ORDER BY v.position, v.id), '[]')
                          FROM product_variants v WHERE v.product_id = p.id AND v.archived_at IS NULL),
           'images', (SELECT coalesce(jsonb_agg(jsonb_build_object('file_name', i.file_name, 'alt', i.alt) ORDER BY i.position, i.id), '[]')
                        FROM product_images i WHERE i.product_id = p.id))
    FROM products p LEFT JOIN categories c ON c.id = p.category_id
   WHERE p.id = product
$$;

GRANT EXECUTE ON FUNCTION product_content(uuid) TO admin_service;
GRANT SELECT (variant_id, product_id, sold_out) ON low_stock TO admin_service;
GRANT SELECT (product_id, approved, decided_at, content) ON product_decisions TO admin_service;
-- What the shop's search shows: whether a product is found, and whether anything of it can be had.
GRANT SELECT (product_id, category_id, price_min, price_max, in_stock) ON product_search TO admin_service;
-- Imports, without what the files say but for the errors.
GRANT SELECT (id, requested_by, seller_id, by_staff, format, dry_run, currency, status, total_rows, processed, created, updated, unchanged,
              failed, created_at, updated_at, started_at, finished_at) ON imports TO admin_service;
GRANT SELECT (import_id, handle, row, rows, outcome, errors) ON import_products TO admin_service;
