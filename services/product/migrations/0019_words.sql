-- What the panel looks for words in. It may read single columns only, and whoever may not read a whole table gets no statistics of an index's expression:
-- the planner then takes the index of trigrams even for words that every row has. What is read through a view is planned as its owner.
CREATE VIEW product_words AS
  SELECT id, title || ' ' || skus AS words, lower(left(title, 2)) AS title_begins, lower(left(skus, 2)) AS skus_begins FROM products;
CREATE VIEW review_words AS SELECT id, title || ' ' || body AS words, lower(left(title, 2)) AS title_begins FROM reviews;
GRANT SELECT (id, words, title_begins, skus_begins) ON product_words TO admin_service;
GRANT SELECT (id, words, title_begins) ON review_words TO admin_service;
-- So many samples that a rare word is hardly taken for a common one.
ALTER INDEX products_words_trgm ALTER COLUMN 1 SET STATISTICS 1000;
ALTER INDEX reviews_text_trgm ALTER COLUMN 1 SET STATISTICS 1000;
