-- One or two letters, of which the index of trigrams knows nothing, are looked for where titles and SKUs begin.
CREATE INDEX products_title_begins ON products (lower(left(title, 2)) text_pattern_ops);
CREATE INDEX products_skus_begin ON products (lower(left(skus, 2)) text_pattern_ops);
CREATE INDEX reviews_title_begins ON reviews (lower(left(title, 2)) text_pattern_ops);
