-- $1: products. Notes the words of titles, values and categories of the active ones, and what else is in their documents, unless
-- that is known.
WITH named AS (
  SELECT DISTINCT word
    FROM (SELECT concat_ws(' ', p.title, (SELECT name FROM categories c WHERE c.id = p.category_id),
                           (SELECT string_agg(a.value #>> '{}', ' ') FROM jsonb_each(p.attributes) a WHERE jsonb_typeof(a.value) = 'string')) AS said
            FROM products p WHERE p.id = ANY($1) AND p.status = 'active') text,
         regexp_split_to_table(lower(unaccent(said)), '[^[:alnum:]]+') AS word
   WHERE length(word) BETWEEN 3 AND 30 AND word !~ '^[0-9]+$'
), new AS (
  SELECT word, (tsvector_to_array(search_vector(word)))[1] AS lexeme FROM named
   WHERE NOT EXISTS (SELECT FROM search_words k WHERE k.word = named.word AND k.products > 0)
     AND search_vector(word) <> ''
)
INSERT INTO search_words (word, lexeme, products)
SELECT word, lexeme, 1 FROM new
UNION ALL
SELECT DISTINCT d.lexeme, d.lexeme, 0 FROM product_search s, unnest(s.words) AS d
 WHERE s.product_id = ANY($1) AND d.lexeme !~ '^#' AND length(d.lexeme) <= 64
   AND NOT EXISTS (SELECT FROM search_words k WHERE k.lexeme = d.lexeme) AND NOT EXISTS (SELECT FROM new WHERE new.lexeme = d.lexeme)
