-- Reviews: moderation, answers, votes, and what is known of an order besides its confirmation.

ALTER TABLE reviews
  -- Only what is published counts in a product's rating and is seen by the public.
  ADD status text NOT NULL DEFAULT 'published' CONSTRAINT reviews_status_check CHECK (status IN ('pending', 'published', 'hidden')),
  -- Why staff hid it, or published it again; the author reads it.
  ADD moderation_reason text,
  ADD moderated_by uuid,
  ADD moderated_at timestamptz,
  -- False once every order in which the author bought the product was cancelled or paid back.
  ADD verified_purchase boolean NOT NULL DEFAULT true,
  ADD helpful_count integer NOT NULL DEFAULT 0 CONSTRAINT reviews_helpful_count_check CHECK (helpful_count >= 0),
  ADD reply_body text,
  -- `seller` or `shop`.
  ADD reply_from text CONSTRAINT reviews_reply_from_check CHECK (reply_from IN ('seller', 'shop')),
  ADD reply_by uuid,
  ADD reply_at timestamptz,
  ADD CONSTRAINT reviews_reply_whole CHECK (num_nonnulls(reply_body, reply_from, reply_by, reply_at) IN (0, 4)),
  ADD CONSTRAINT reviews_hidden_why CHECK (status <> 'hidden' OR moderation_reason IS NOT NULL);

-- One index for each sort of a product's public list; the second also counts the stars.
CREATE INDEX reviews_public ON reviews (product_id, id) WHERE status = 'published';
CREATE INDEX reviews_public_rating ON reviews (product_id, rating, id) WHERE status = 'published';
CREATE INDEX reviews_public_helpful ON reviews (product_id, helpful_count, id) WHERE status = 'published';
CREATE INDEX reviews_status ON reviews (status, id);
CREATE INDEX reviews_user_id ON reviews (user_id, id);
CREATE INDEX reviews_text_trgm ON reviews USING gin ((title || ' ' || body) gin_trgm_ops);

-- Whom a review helped: once each, and `reviews.helpful_count` is their number.
CREATE TABLE review_votes (
  review_id  uuid NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
  user_id    uuid NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (review_id, user_id)
);
CREATE INDEX review_votes_user_id ON review_votes (user_id);

-- Whose next review of a product waits for staff, because the last one was not public when its author deleted it.
CREATE TABLE review_holds (
  product_id uuid NOT NULL REFERENCES products (id),
  user_id    uuid NOT NULL,
  PRIMARY KEY (product_id, user_id)
);
CREATE INDEX review_holds_user_id ON review_holds (user_id);

-- What was heard of an order besides its confirmation, which may come before it: to whose account a guest's order went, and that all
-- of its money went back.
CREATE TABLE order_notes (
  order_id    uuid PRIMARY KEY,
  claimed_by  uuid,
  refunded_at timestamptz
);
CREATE INDEX order_notes_claimed_by ON order_notes (claimed_by);

GRANT SELECT (status, moderation_reason, moderated_by, moderated_at, verified_purchase, helpful_count, reply_body, reply_from, reply_by, reply_at)
  ON reviews TO admin_service;
