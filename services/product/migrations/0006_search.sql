-- What the public list reads: one narrow row for each active product, kept by store/search_documents.rs in the transaction
-- of every change. Nothing here is the truth; all of it can be made anew from the other tables.

CREATE EXTENSION IF NOT EXISTS unaccent;

-- Each language of PostgreSQL, blind to accents: "creme" finds "crème".
DO $$
DECLARE
  language name;
BEGIN
  FOR language IN SELECT cfgname FROM pg_ts_config WHERE cfgnamespace = 'pg_catalog'::regnamespace LOOP
    EXECUTE format('CREATE TEXT SEARCH CONFIGURATION search_%s (COPY = pg_catalog.%I)', language, language);
    EXECUTE format('ALTER TEXT SEARCH CONFIGURATION search_%s ALTER MAPPING FOR hword, hword_part, word WITH unaccent, %I',
                   language, CASE language WHEN 'simple' THEN 'simple' ELSE language || '_stem' END);
  END LOOP;
END $$;

-- The language of the documents: SEARCH_LANGUAGE, noted by the job that then builds all of them anew.
CREATE TABLE search_settings (
  only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  language   text NOT NULL,
  -- When sales and the frequency of words were last counted.
  counted_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO search_settings (language) VALUES ('english');

-- Documents that a job shall build anew: those of a category and the categories below it, or all.
CREATE TABLE search_rebuilds (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  category_id uuid,
  -- Done up to this product.
  done_to     uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
INSERT INTO search_rebuilds DEFAULT VALUES;

CREATE FUNCTION categories_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO search_rebuilds (category_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER categories_renamed AFTER UPDATE OF name, parent_id ON categories
  FOR EACH ROW WHEN ((OLD.name, OLD.parent_id) IS DISTINCT FROM (NEW.name, NEW.parent_id)) EXECUTE FUNCTION categories_renamed();

CREATE FUNCTION search_config() RETURNS regconfig LANGUAGE sql STABLE PARALLEL SAFE
  RETURN (SELECT ('search_' || language)::regconfig FROM search_settings);

-- The words of a text. What is not a letter is a space, or PostgreSQL would take "<b>" for a tag and "red/blue" for a file.
CREATE FUNCTION search_vector(said text) RETURNS tsvector LANGUAGE sql STABLE PARALLEL SAFE
  RETURN to_tsvector(search_config(), translate(said, '<>/\@_', '      '));

-- What makes one of two equally good matches the better one, 0 to 1000: ten thousand sales are as good as it gets, and few
-- reviews say little.
CREATE FUNCTION search_quality(sold bigint, rating_sum bigint, rating_count integer) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (least(700, 76 * ln(1 + sold::float8)) + 300.0 * rating_sum / 5 / (rating_count + 5))::smallint;

-- The number by which a row knows a value of an attribute or option, whatever its case.
CREATE FUNCTION search_code(attribute text, value text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN hashtextextended(lower(attribute) || E'\x1f' || lower(value), 0);

CREATE TABLE product_search (
  product_id  uuid PRIMARY KEY REFERENCES products (id),
  category_id uuid,
  seller_id   uuid NOT NULL,
  price_min   bigint NOT NULL,
  price_max   bigint NOT NULL,
  -- Thousandths of stars.
  rating      integer NOT NULL,
  popularity  integer NOT NULL,
  -- What makes one of two equally good matches the better one: sales and stars, 0 to 1000.
  quality     smallint NOT NULL,
  -- Words of the title, to tell a short title that says it all from a long one.
  title_words smallint NOT NULL,
  in_stock    boolean NOT NULL,
  -- Codes of the values of attributes and options, see `search_code`.
  codes       bigint[] NOT NULL,
  -- What facets are counted from, packed as domain/facets.rs reads it.
  facts       bytea NOT NULL,
  -- Title and SKUs (A), attributes and categories (B): small, for the ranking.
  head        tsvector NOT NULL,
  -- All that with the description (C): for the index alone.
  words       tsvector NOT NULL,
  -- Spaces, which compress to nothing, push a row over the size from which PostgreSQL moves big values out; so `words` never
  -- lies in the way of those who read many rows.
  ballast     text NOT NULL DEFAULT repeat(' ', 2100)
) WITH (toast_tuple_target = 128, fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE product_search ALTER codes SET STORAGE MAIN, ALTER facts SET STORAGE MAIN, ALTER head SET STORAGE MAIN, ALTER ballast SET STORAGE MAIN;

CREATE INDEX product_search_words ON product_search USING gin (words) WITH (gin_pending_list_limit = 512);
CREATE INDEX product_search_codes ON product_search USING gin (codes) WITH (gin_pending_list_limit = 512);
CREATE INDEX product_search_category ON product_search (category_id, product_id);
CREATE INDEX product_search_seller ON product_search (seller_id, product_id);
CREATE INDEX product_search_price ON product_search (price_min, product_id);
CREATE INDEX product_search_rating ON product_search (rating, product_id);
CREATE INDEX product_search_popularity ON product_search (popularity, product_id);

-- What codes stand for. Written without waiting for anybody, so a row may be there twice for a while.
CREATE TABLE search_values (
  code      bigint NOT NULL,
  attribute text NOT NULL,
  value     text NOT NULL,
  number    numeric
);
CREATE INDEX search_values_code ON search_values (code);
CREATE INDEX search_values_attribute ON search_values (lower(attribute), number);

-- The words of titles, attributes and categories, to mend typing errors with and to complete words. As above, twice is no harm.
CREATE TABLE search_words (
  word     text NOT NULL,
  lexeme   text NOT NULL,
  -- In so many products, as of the last count. 0: only in descriptions, as its lexeme; known, but never suggested.
  products integer NOT NULL DEFAULT 1
);
CREATE INDEX search_words_word ON search_words (word text_pattern_ops) WHERE products > 0;
CREATE INDEX search_words_lexeme ON search_words (lexeme);
CREATE INDEX search_words_trgm ON search_words USING gin (word gin_trgm_ops) WHERE products > 0;

-- A SKU or barcode is found whatever its case.
CREATE INDEX product_variants_sku_lower ON product_variants (lower(sku)) WHERE archived_at IS NULL;
CREATE INDEX product_variants_barcode_lower ON product_variants (lower(barcode)) WHERE archived_at IS NULL AND barcode IS NOT NULL;

-- The list of products reads product_search now.
DROP INDEX products_title_trgm, products_active_price, products_active_rating, products_active_sold;
