-- What each seller offers is counted for a list of them, without a look at the products themselves.
CREATE INDEX products_offered ON products (seller_id, status) INCLUDE (rating_sum, rating_count);
