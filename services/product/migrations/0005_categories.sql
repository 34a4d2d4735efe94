-- Categories: what products in them are described by, and what makes the tree quick to read.

ALTER TABLE categories
  ADD description text NOT NULL DEFAULT '',
  -- The picture, as a product's is kept.
  ADD image       jsonb CONSTRAINT categories_image_check CHECK (jsonb_typeof(image) = 'object');

-- Typed properties of the products of a category and of all categories below it.
CREATE TABLE category_attributes (
  category_id uuid NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
  key         text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_-]{0,63}$'),
  label       text NOT NULL CHECK (label <> ''),
  kind        text NOT NULL CHECK (kind IN ('text', 'number', 'boolean', 'choice')),
  unit        text CHECK (unit <> ''),
  choices     text[] NOT NULL DEFAULT '{}',
  required    boolean NOT NULL DEFAULT false,
  filterable  boolean NOT NULL DEFAULT false,
  position    integer NOT NULL,
  PRIMARY KEY (category_id, key),
  CONSTRAINT category_attributes_unit_of_number CHECK (unit IS NULL OR kind = 'number'),
  CONSTRAINT category_attributes_choices_of_choice CHECK ((kind = 'choice') = (cardinality(choices) > 0))
);

-- Each category with all that are above it and itself, kept by the triggers below.
CREATE TABLE category_closure (
  ancestor_id   uuid NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
  descendant_id uuid NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
  PRIMARY KEY (ancestor_id, descendant_id)
);
CREATE INDEX category_closure_descendant_id ON category_closure (descendant_id, ancestor_id);
WITH RECURSIVE above AS (
  SELECT id, id AS ancestor, parent_id FROM categories
  UNION ALL
  SELECT a.id, c.id, c.parent_id FROM above a JOIN categories c ON c.id = a.parent_id
) INSERT INTO category_closure (ancestor_id, descendant_id) SELECT ancestor, id FROM above;

CREATE FUNCTION categories_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO category_closure (ancestor_id, descendant_id) VALUES (NEW.id, NEW.id);
  ELSE
    -- The branch leaves what was above it.
    DELETE FROM category_closure c
     USING category_closure above, category_closure below
     WHERE above.descendant_id = NEW.id AND above.ancestor_id <> NEW.id AND below.ancestor_id = NEW.id
       AND c.ancestor_id = above.ancestor_id AND c.descendant_id = below.descendant_id;
  END IF;
  INSERT INTO category_closure (ancestor_id, descendant_id)
  SELECT above.ancestor_id, below.descendant_id FROM category_closure above, category_closure below
   WHERE above.descendant_id = NEW.parent_id AND below.ancestor_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER categories_placed AFTER INSERT ON categories FOR EACH ROW EXECUTE FUNCTION categories_placed();
CREATE TRIGGER categories_moved AFTER UPDATE OF parent_id ON categories
  FOR EACH ROW WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id) EXECUTE FUNCTION categories_placed();

-- How many public products lie in each category itself: the sum of its rows. A change adds a row and waits for nobody; a job adds
-- the rows up. So the counts are exact at every instant, and two sellers never wait for each other.
CREATE TABLE category_counts (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  category_id uuid NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
  products    bigint NOT NULL
);
CREATE INDEX category_counts_category_id ON category_counts (category_id) INCLUDE (products);
INSERT INTO category_counts (category_id, products)
SELECT category_id, count(*) FROM products WHERE status = 'active' AND category_id IS NOT NULL GROUP BY category_id;

CREATE FUNCTION products_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO category_counts (category_id, products)
    SELECT category_id, count(*) FROM added WHERE status = 'active' AND category_id IS NOT NULL GROUP BY category_id;
  ELSE
    INSERT INTO category_counts (category_id, products)
    SELECT category_id, change FROM (VALUES (OLD.category_id, OLD.status, -1), (NEW.category_id, NEW.status, 1)) AS v (category_id, status, change)
     WHERE status = 'active' AND category_id IS NOT NULL;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER products_counted_first AFTER INSERT ON products REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION products_counted();
CREATE TRIGGER products_counted AFTER UPDATE OF status, category_id ON products
  FOR EACH ROW WHEN ((OLD.status, OLD.category_id) IS DISTINCT FROM (NEW.status, NEW.category_id)
    AND 'active' IN (OLD.status, NEW.status)) EXECUTE FUNCTION products_counted();

GRANT SELECT (description, image) ON categories TO admin_service;
GRANT SELECT (category_id, key, label, kind, unit, choices, required, filterable, position) ON category_attributes TO admin_service;
GRANT SELECT (ancestor_id, descendant_id) ON category_closure TO admin_service;
GRANT SELECT (id, category_id, products) ON category_counts TO admin_service;
