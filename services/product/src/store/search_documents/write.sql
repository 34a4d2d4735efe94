-- $1: products. Writes the row of each that is active.
WITH wanted AS (
  SELECT * FROM products WHERE id = ANY($1) AND status = 'active'
), named AS (
  SELECT p.id AS product_id, string_agg(c.name, ' . ') AS categories
    FROM wanted p JOIN category_closure a ON a.descendant_id = p.category_id JOIN categories c ON c.id = a.ancestor_id GROUP BY p.id
), offered AS (
  SELECT v.product_id, array_agg(DISTINCT v.sku) || array_agg(DISTINCT v.barcode) FILTER (WHERE v.barcode IS NOT NULL) AS marks,
         bool_or((SELECT sum(l.on_hand - l.reserved - l.owed) > 0 FROM stock_levels l WHERE l.variant_id = v.id)) AS in_stock
    FROM product_variants v
   WHERE v.product_id = ANY($1) AND v.archived_at IS NULL GROUP BY v.product_id
), fact AS (
  SELECT p.id AS product_id, a.key AS attribute,
         CASE jsonb_typeof(a.value) WHEN 'number' THEN trim_scale((a.value #>> '{}')::numeric)::text ELSE a.value #>> '{}' END AS value
    FROM wanted p, jsonb_each(p.attributes) a
  UNION
  SELECT v.product_id, o.key, o.value
    FROM product_variants v, jsonb_each_text(v.options) o WHERE v.product_id = ANY($1) AND v.archived_at IS NULL
), valued AS (
  SELECT product_id, (array_agg(DISTINCT search_code(attribute, value) ORDER BY search_code(attribute, value)))[:255] AS codes,
         string_agg(value, ' . ') AS said
    FROM fact WHERE length(value) <= 100 GROUP BY product_id
), document AS (
  SELECT p.id, p.category_id, p.seller_id, p.price_min, p.price_max, p.rating_milli::integer AS rating,
         least(p.sold_count, 2000000000)::integer AS popularity,
         search_quality(p.sold_count, p.rating_sum, p.rating_count) AS quality,
         coalesce(o.in_stock, false) AS in_stock, coalesce(v.codes, '{}') AS codes,
         search_vector(p.title) AS title,
         setweight(search_vector(p.title), 'A')
           -- "t-shirt" is also found as "tshirt".
           || setweight(search_vector(CASE WHEN p.title ~ '[[:alnum:]]-[[:alnum:]]'
                          THEN regexp_replace(p.title, '([[:alnum:]])-([[:alnum:]])', '\1\2', 'g') ELSE '' END), 'A')
           -- A sign keeps SKUs and barcodes apart from words.
           || (SELECT coalesce(string_agg(DISTINCT format('''#%s'':1A', replace(replace(lower(mark), '\', '\\'), '''', '''''')), ' '), '')
                 FROM unnest(o.marks) AS mark)::tsvector
           || setweight(search_vector(coalesce(v.said, '')), 'B')
           || setweight(search_vector(coalesce(n.categories, '')), 'B') AS head,
         setweight(search_vector(p.description), 'C') AS described
    FROM wanted p
    LEFT JOIN offered o ON o.product_id = p.id
    LEFT JOIN valued v ON v.product_id = p.id
    LEFT JOIN named n ON n.product_id = p.id
)
INSERT INTO product_search (product_id, category_id, seller_id, price_min, price_max, rating, popularity, quality,
                            title_words, in_stock, codes, facts, head, words)
SELECT id, category_id, seller_id, price_min, price_max, rating, popularity, quality,
       length(title), in_stock, codes,
       set_byte(set_byte('\x0000', 0, in_stock::integer), 1, cardinality(codes)) || int2send(rating::smallint) || int8send(price_min) || int8send(price_max)
         || uuid_send(coalesce(category_id, '00000000-0000-0000-0000-000000000000')) || uuid_send(seller_id)
         || coalesce((SELECT string_agg(int8send(code), '' ORDER BY code) FROM unnest(codes) AS code), ''),
       head, head || described
  FROM document
 ORDER BY id
ON CONFLICT (product_id) DO UPDATE
  SET category_id = excluded.category_id, seller_id = excluded.seller_id, price_min = excluded.price_min, price_max = excluded.price_max,
      rating = excluded.rating, popularity = excluded.popularity, quality = excluded.quality,
      title_words = excluded.title_words, in_stock = excluded.in_stock, codes = excluded.codes, facts = excluded.facts,
      head = excluded.head, words = excluded.words
