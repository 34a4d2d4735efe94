-- Pictures are drawn anew in several sizes, each as WebP and JPEG, and may show certain variants.
ALTER TABLE product_images
  -- [{"width": 960, "height": 720}, …], largest first; empty for pictures from before, which are one file.
  ADD COLUMN sizes jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(sizes) = 'array'),
  -- A `data:` URI to show meanwhile.
  ADD COLUMN placeholder text,
  ADD COLUMN variant_ids uuid[] NOT NULL DEFAULT '{}';

-- Files that shall not stay: of pictures that were removed, and of uploads that never became a picture. A row is written before
-- the first file is, and goes in the transaction that makes the picture; so whatever crashes, no file is forgotten.
CREATE TABLE media_leftovers (
  image_id   uuid PRIMARY KEY,
  file_names text[] NOT NULL CHECK (cardinality(file_names) > 0),
  due_at     timestamptz NOT NULL,
  -- Removal has begun: the upload can no longer become a picture.
  removing   boolean NOT NULL DEFAULT false
);
CREATE INDEX media_leftovers_due_at ON media_leftovers (due_at);

GRANT SELECT (sizes, variant_ids) ON product_images TO admin_service;
GRANT SELECT (image_id, due_at, removing) ON media_leftovers TO admin_service;
