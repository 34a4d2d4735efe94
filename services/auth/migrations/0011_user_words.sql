-- What the panel looks for words in. It may read single columns only, and whoever may not read a whole table gets no statistics of an index's expression:
-- the planner then takes the index of trigrams even for words that everybody has. What is read through a view is planned as its owner.
CREATE VIEW user_words AS SELECT id, email || ' ' || name AS words FROM users;
GRANT SELECT (id, words) ON user_words TO admin_service;
-- So many samples that a rare word is hardly taken for a common one.
ALTER INDEX users_search ALTER COLUMN 1 SET STATISTICS 1000;
