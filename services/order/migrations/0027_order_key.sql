-- What belongs to an order points to its row in `order_carts`, and that row to the order. An order looked up by its id is planned anew each time, for its month, and
-- a key to `orders` is such a look: it took twice as long as the row that has it, of which an order has some fifteen.
LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;
ALTER TABLE order_carts
  ADD CONSTRAINT orders_in_carts_once UNIQUE (order_id),
  ADD CONSTRAINT order_carts_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) NOT VALID;

-- The next file looks at the rows that are there, while the shop goes on.
DO $$
DECLARE
  step text;
BEGIN
  FOR step IN
    SELECT format('ALTER TABLE %1$s DROP CONSTRAINT %2$I, ADD CONSTRAINT %2$I FOREIGN KEY (order_id) REFERENCES order_carts (order_id) NOT VALID', conrelid::regclass, conname)
      FROM pg_constraint
     WHERE contype = 'f' AND confrelid = 'orders'::regclass AND conparentid = 0 AND conrelid <> 'order_carts'::regclass
     ORDER BY conrelid::regclass::text
  LOOP
    EXECUTE step;
  END LOOP;
END $$;
