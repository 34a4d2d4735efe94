-- $1: a product. It and what might be like it; each part is bounded, whatever the size of the shop.
WITH me AS MATERIALIZED (
  SELECT s.*, c.parent_id FROM product_search s LEFT JOIN categories c ON c.id = s.category_id WHERE s.product_id = $1
), term AS MATERIALIZED (
  SELECT h.lexeme, '''' || replace(replace(h.lexeme, '\', '\\'), '''', '''''') || '''' AS quoted, h.weights[1] = 'A' AS in_title,
         (SELECT max(w.products) FROM search_words w WHERE w.lexeme = h.lexeme) AS products
    FROM me, unnest(me.head) AS h WHERE h.lexeme NOT LIKE '#%'
), query AS MATERIALIZED (
  SELECT (SELECT string_agg(quoted, ' | ') FROM term)::tsquery AS all_words,
         -- What few others say too.
         (SELECT string_agg(quoted, ' | ') FROM (SELECT quoted FROM term WHERE in_title AND products BETWEEN 1 AND 300
                                                  ORDER BY products, lexeme LIMIT 4) rare)::tsquery AS rare_words
), near AS (
  (SELECT s.product_id
     FROM me, query, LATERAL (SELECT s.product_id, s.head FROM product_search s
                               WHERE s.category_id = me.category_id ORDER BY s.product_id DESC LIMIT 800) s
    ORDER BY ts_rank(s.head, query.all_words) DESC, s.product_id LIMIT 80)
  UNION
  (SELECT s.product_id
     FROM me, query,
          LATERAL (SELECT c.id FROM categories c WHERE c.parent_id = me.parent_id AND c.id <> me.category_id ORDER BY c.position, c.id LIMIT 10) c,
          LATERAL (SELECT s.product_id, s.head FROM product_search s WHERE s.category_id = c.id ORDER BY s.product_id DESC LIMIT 40) s
    ORDER BY ts_rank(s.head, query.all_words) DESC, s.product_id LIMIT 20)
  UNION
  (SELECT s.product_id
     FROM query, LATERAL (SELECT s.product_id, s.head FROM product_search s WHERE s.words @@ query.rare_words LIMIT 400) s
    ORDER BY ts_rank(s.head, query.all_words) DESC, s.product_id LIMIT 60)
)
SELECT s.product_id AS "id: ProductId", s.category_id AS "category: CategoryId", s.codes,
       array(SELECT w.lexeme FROM unnest(s.words) AS w ORDER BY w.lexeme) AS "lexemes!",
       array(SELECT coalesce(w.weights[1], 'C') FROM unnest(s.words) AS w ORDER BY w.lexeme) AS "places!"
  FROM (SELECT $1 AS product_id UNION SELECT product_id FROM near) n
  JOIN product_search s ON s.product_id = n.product_id
 WHERE EXISTS (SELECT FROM me)
 ORDER BY s.product_id <> $1, s.product_id
