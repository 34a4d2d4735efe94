-- What is to be shipped, and what of it is late: counted on the panel's first page and listed, newest first.
CREATE INDEX orders_confirmed ON orders (fulfillment_status, id DESC) INCLUDE (confirmed_at, placed_at) WHERE status = 'confirmed';
