-- $1: products. Notes what the codes of the active ones stand for, unless that is known.
INSERT INTO search_values (code, attribute, value, number)
SELECT DISTINCT ON (search_code(attribute, value)) search_code(attribute, value), attribute, value, number
  FROM (SELECT a.key AS attribute,
               CASE jsonb_typeof(a.value) WHEN 'number' THEN trim_scale((a.value #>> '{}')::numeric)::text ELSE a.value #>> '{}' END AS value,
               CASE jsonb_typeof(a.value) WHEN 'number' THEN (a.value #>> '{}')::numeric END AS number
          FROM products p, jsonb_each(p.attributes) a WHERE p.id = ANY($1) AND p.status = 'active'
        UNION ALL
        SELECT o.key, o.value, NULL FROM products p JOIN product_variants v ON v.product_id = p.id, jsonb_each_text(v.options) o
         WHERE p.id = ANY($1) AND p.status = 'active' AND v.archived_at IS NULL) fact
 WHERE length(value) <= 100 AND NOT EXISTS (SELECT FROM search_values k WHERE k.code = search_code(fact.attribute, fact.value))
