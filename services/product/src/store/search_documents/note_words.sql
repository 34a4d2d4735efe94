-- $1: products. Notes the words of titles, values and categories of the active ones, unless they are known.
INSERT INTO search_words (word, lexeme)
SELECT word, (tsvector_to_array(to_tsvector(search_config(), word)))[1]
  FROM (SELECT DISTINCT word
          FROM (SELECT concat_ws(' ', p.title, (SELECT name FROM categories c WHERE c.id = p.category_id),
                                 (SELECT string_agg(a.value #>> '{}', ' ') FROM jsonb_each(p.attributes) a WHERE jsonb_typeof(a.value) = 'string')) AS said
                  FROM products p WHERE p.id = ANY($1) AND p.status = 'active') text,
               regexp_split_to_table(lower(unaccent(said)), '[^[:alnum:]]+') AS word
         WHERE length(word) BETWEEN 3 AND 30 AND word !~ '^[0-9]+$') seen
 WHERE NOT EXISTS (SELECT FROM search_words k WHERE k.word = seen.word)
   AND to_tsvector(search_config(), word) <> ''
