-- $1: kinds, $2: texts, $3: whether to look for what was meant by unknown words.
SELECT a.kind AS "kind!", a.asked AS "asked!", q.lexemes AS "lexemes!",
       phraseto_tsquery(search_config(), translate(a.asked, '<>/\@_', '      '))::text AS "sides!",
       k.known AS "known!",
       m.mark AS "mark!",
       CASE WHEN $3 AND a.kind = 'word' AND NOT k.known AND NOT m.mark AND length(a.asked) BETWEEN 3 AND 30 THEN
         (SELECT coalesce(jsonb_agg(jsonb_build_object('word', c.word, 'lexemes', jsonb_build_array(c.lexeme), 'products', c.products)), '[]')
            FROM (SELECT w.word, w.lexeme, max(w.products) AS products FROM search_words w
                   WHERE w.products > 0
                     AND (w.word % f.folded
                          -- A swap or a letter too many changes a short word too much for its trigrams.
                          OR w.word = ANY(ARRAY(SELECT left(f.folded, i - 1) || substr(f.folded, i + 1, 1) || substr(f.folded, i, 1) || substr(f.folded, i + 2)
                                                  FROM generate_series(1, length(f.folded) - 1) i
                                                UNION ALL
                                                SELECT left(f.folded, i - 1) || substr(f.folded, i + 1) FROM generate_series(1, length(f.folded)) i)))
                   GROUP BY w.word, w.lexeme ORDER BY similarity(w.word, f.folded) DESC, max(w.products) DESC LIMIT 30) c)
       ELSE '[]' END AS "candidates!: Json<Vec<Candidate>>",
       -- Two words written as one.
       CASE WHEN $3 AND a.kind = 'word' AND NOT k.known AND NOT m.mark AND length(a.asked) BETWEEN 6 AND 30 THEN
         coalesce((SELECT ARRAY[l.word, l.lexeme, r.word, r.lexeme]
                     FROM generate_series(3, length(f.folded) - 3) i
                     JOIN search_words l ON l.word = left(f.folded, i) AND l.products > 0
                     JOIN search_words r ON r.word = substr(f.folded, i + 1) AND r.products > 0
                    ORDER BY least(l.products, r.products) DESC LIMIT 1), '{}')
       ELSE '{}' END AS "parts!"
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS a (kind, asked, n),
       LATERAL (SELECT tsvector_to_array(search_vector(a.asked)) AS lexemes) q,
       LATERAL (SELECT lower(unaccent(a.asked)) AS folded) f,
       LATERAL (SELECT NOT EXISTS (SELECT FROM unnest(q.lexemes) l WHERE NOT EXISTS (SELECT FROM search_words w WHERE w.lexeme = l)) AS known) k,
       LATERAL (SELECT a.kind = 'word' AND (EXISTS (SELECT FROM product_variants v WHERE lower(v.sku) = a.asked AND v.archived_at IS NULL)
                                            OR EXISTS (SELECT FROM product_variants v
                                                        WHERE lower(v.barcode) = a.asked AND v.archived_at IS NULL AND v.barcode IS NOT NULL)) AS mark) m
 ORDER BY a.n
