-- What goes with what: counted from confirmed orders, made ready for reading by a job.

-- What an order contributes, without saying whose it is. A job counts what is wanted and takes back what is not any more.
CREATE TABLE recommendation_baskets (
  order_id  uuid PRIMARY KEY,
  products  uuid[] NOT NULL,
  bought_at timestamptz NOT NULL,
  wanted    boolean NOT NULL DEFAULT true,
  counted   boolean NOT NULL DEFAULT false
);
CREATE INDEX recommendation_baskets_open ON recommendation_baskets (order_id) WHERE wanted <> counted;

-- Over the baskets that are counted: how many hold a product, and what they weigh. A basket's weight grows with its date
-- (forward decay), so old rows need no touch.
CREATE TABLE recommendation_items (
  product_id uuid PRIMARY KEY,
  orders     integer NOT NULL,
  weight     double precision NOT NULL
) WITH (fillfactor = 80);

-- The same for each two products.
CREATE TABLE recommendation_pairs (
  low_id  uuid NOT NULL,
  high_id uuid NOT NULL,
  orders  integer NOT NULL,
  weight  double precision NOT NULL,
  PRIMARY KEY (low_id, high_id),
  CONSTRAINT recommendation_pairs_order CHECK (low_id < high_id)
) WITH (fillfactor = 80);
CREATE INDEX recommendation_pairs_high_id ON recommendation_pairs (high_id, low_id);

-- What is shown with a product, best first. `own` is what its own baskets say; others learn from it.
CREATE TABLE recommendations (
  product_id      uuid PRIMARY KEY,
  own_ids         uuid[] NOT NULL,
  own_scores      real[] NOT NULL,
  together_ids    uuid[] NOT NULL,
  together_scores real[] NOT NULL,
  similar_ids     uuid[] NOT NULL,
  similar_scores  real[] NOT NULL,
  -- Of the product, when `similar` was made.
  version         integer NOT NULL,
  similar_at      timestamptz NOT NULL,
  computed_at     timestamptz NOT NULL
);
CREATE INDEX recommendations_computed_at ON recommendations (computed_at);

-- What somebody may like.
CREATE TABLE user_recommendations (
  user_id     uuid PRIMARY KEY,
  product_ids uuid[] NOT NULL,
  computed_at timestamptz NOT NULL
);
CREATE INDEX user_recommendations_computed_at ON user_recommendations (computed_at);

-- What sells best now; one row.
CREATE TABLE popular_products (
  only_one    boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  product_ids uuid[] NOT NULL,
  weights     double precision[] NOT NULL,
  computed_at timestamptz NOT NULL
);

-- What is to be made anew. Whoever changes something raises `asked`, so that a job which was just at it does not forget it.
CREATE TABLE recommendation_work (
  kind  text NOT NULL CHECK (kind IN ('product', 'user')),
  id    uuid NOT NULL,
  asked bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (kind, id)
) WITH (fillfactor = 80);

-- What was bought so far. Orders whose stock was given back are not committed any more.
INSERT INTO recommendation_baskets (order_id, products, bought_at)
SELECT r.order_id, (array_agg(DISTINCT v.product_id))[1:20], max(r.updated_at)
  FROM reservations r
  JOIN reservation_lines l ON l.order_id = r.order_id
  JOIN product_variants v ON v.id = l.variant_id
 WHERE r.status = 'committed'
 GROUP BY r.order_id;
INSERT INTO recommendation_work (kind, id) SELECT 'product', id FROM products WHERE status = 'active';
INSERT INTO recommendation_work (kind, id) SELECT DISTINCT 'user', user_id FROM (SELECT user_id FROM purchases UNION SELECT user_id FROM wishlist_items) u;
