-- Orders by month, and their numbers without gaps.
--
-- An order's id is a UUIDv7: its first 48 bits are the millisecond it was made in, so `orders` can be partitioned by its primary key, foreign keys go on
-- pointing at `orders (id)`, and who knows the id knows the month. What must be unique over all months and is not the id has a table of its own:
-- `order_carts` (one order a cart) and `order_numbers`. Triggers fill both, and nobody else may.

-- The least id that is made at this moment or later.
CREATE FUNCTION uuid_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN rpad(lpad(to_hex(floor(extract(epoch FROM at - timestamptz 'epoch') * 1000)::bigint), 12, '0'), 32, '0')::uuid;

-- When an id was made.
CREATE FUNCTION uuid_time(id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0);

-- Their names go to the tables that take over.
ALTER TABLE orders DROP CONSTRAINT orders_number_unique, DROP CONSTRAINT orders_one_per_cart;
CREATE TABLE order_carts (
  cart_id  uuid NOT NULL,
  order_id uuid NOT NULL,
  CONSTRAINT orders_one_per_cart PRIMARY KEY (cart_id)
);
CREATE TABLE order_numbers (
  number   bigint NOT NULL,
  order_id uuid   NOT NULL,
  CONSTRAINT orders_number_unique PRIMARY KEY (number),
  CONSTRAINT orders_numbered_once UNIQUE (order_id)
);
-- The last number that was given. Numbers are taken in the transaction of the order, as its last act: one that is rolled back leaves no gap, and
-- transactions wait for each other only for the end of it.
CREATE TABLE order_counter (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  last      bigint  NOT NULL
) WITH (fillfactor = 10);
REVOKE INSERT, UPDATE, DELETE ON order_carts, order_numbers, order_counter FROM order_service;

CREATE FUNCTION next_order_number() RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS 'UPDATE order_counter SET last = last + 1 RETURNING last';

-- Makes the partitions of a month and of those after it that are missing, and answers how many it made. Gives way to customers: if a lock is not free at
-- once, it fails and is called again. Orders made while their month had no partition stay in `orders_other`, and so does the rest of that month.
CREATE FUNCTION orders_make_partitions(since timestamptz, months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '300ms' AS $$
DECLARE
  month timestamptz;
  name  text;
  made  integer := 0;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('orders_make_partitions')) THEN
    RETURN 0;
  END IF;
  FOR month IN SELECT generate_series(date_trunc('month', since), date_trunc('month', since) + make_interval(months => least(months, 600)), '1 month') LOOP
    name := to_char(month, '"orders_"YYYY_MM');
    CONTINUE WHEN to_regclass(name) IS NOT NULL;
    CONTINUE WHEN EXISTS (SELECT FROM orders_other WHERE id >= uuid_floor(month) AND id < uuid_floor(month + interval '1 month'));
    -- Attaching, other than CREATE TABLE … PARTITION OF, lets readers and writers of other months go on. Room for updates within the page; vacuumed in time for
    -- index-only scans.
    EXECUTE format('CREATE TABLE %I (LIKE orders INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
                      WITH (fillfactor = 85, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)', name);
    EXECUTE format('REVOKE ALL ON %I FROM order_service', name);
    EXECUTE format('ALTER TABLE orders ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, uuid_floor(month), uuid_floor(month + interval '1 month'));
    made := made + 1;
  END LOOP;
  RETURN made;
END $$;

-- Autovacuum looks after each month but never gathers statistics of the whole: this does, if it is not yet done that day.
CREATE FUNCTION orders_analyse() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_stat_user_tables WHERE relid = 'orders'::regclass AND last_analyze > now() - interval '1 day')
     OR NOT pg_try_advisory_xact_lock(hashtext('orders_analyse')) THEN
    RETURN false;
  END IF;
  ANALYZE orders;
  RETURN true;
END $$;

-- The table is made anew as a partitioned one, with all that it had: columns, checks, keys that point to it and from it, indexes, triggers and grants. Orders cannot be
-- written meanwhile.
DO $$
DECLARE
  again text[];      -- what is to be said again about the new table
  step  text;
  since timestamptz; -- the first order
BEGIN
  SET LOCAL timezone = 'UTC';
  LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;
  ALTER TABLE orders ALTER COLUMN number SET DEFAULT next_order_number();
  DROP SEQUENCE order_number;
  -- The user's list and the staff's: by id, which is by time, with what they are filtered by.
  DROP INDEX IF EXISTS orders_by_user;

  again := ARRAY(
    SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE contype IN ('p', 'u', 'x') AND conrelid = 'orders'::regclass)
  || ARRAY(
    SELECT pg_get_indexdef(indexrelid) FROM pg_index
     WHERE indrelid = 'orders'::regclass AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = indexrelid AND c.conrelid = indrelid))
  || ARRAY(
    SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE contype = 'f' AND (conrelid = 'orders'::regclass OR confrelid = 'orders'::regclass))
  || ARRAY(SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal)
  || ARRAY(
    SELECT format('GRANT %s ON orders TO %I', acl.privilege_type, acl.grantee::regrole::name)
      FROM pg_class, aclexplode(relacl) acl WHERE oid = 'orders'::regclass AND acl.grantee <> 0)
  || ARRAY(
    SELECT format('GRANT %s (%I) ON orders TO %I', acl.privilege_type, attname, acl.grantee::regrole::name)
      FROM pg_attribute, aclexplode(attacl) acl WHERE attrelid = 'orders'::regclass AND NOT attisdropped AND acl.grantee <> 0);

  FOR step IN
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint WHERE contype = 'f' AND confrelid = 'orders'::regclass
  LOOP
    EXECUTE step;
  END LOOP;
  ALTER TABLE orders RENAME TO orders_whole;
  CREATE TABLE orders (LIKE orders_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS INCLUDING GENERATED INCLUDING STORAGE) PARTITION BY RANGE (id);
  -- Between the insertion of an order and its number, which is the last that its transaction writes, there is none.
  ALTER TABLE orders ALTER COLUMN number DROP NOT NULL;
  CREATE TABLE orders_other PARTITION OF orders DEFAULT;
  REVOKE ALL ON orders_other FROM order_service;
  SELECT least(now(), min(uuid_time(id))) INTO since FROM orders_whole WHERE uuid_time(id) > '2020-01-01';
  PERFORM orders_make_partitions(since, (SELECT 4 + 12 * extract(year FROM age)::integer + extract(month FROM age)::integer FROM age(now(), since) AS age));
  INSERT INTO orders SELECT * FROM orders_whole;
  INSERT INTO order_carts (cart_id, order_id) SELECT cart_id, id FROM orders_whole;
  INSERT INTO order_numbers (number, order_id) SELECT number, id FROM orders_whole;
  INSERT INTO order_counter (last) SELECT coalesce(max(number), 1000000) FROM orders_whole;
  DROP TABLE orders_whole;
  FOREACH step IN ARRAY again LOOP
    EXECUTE step;
  END LOOP;
END $$;

CREATE INDEX orders_by_user ON orders (user_id, id DESC) INCLUDE (status, payment_status, fulfillment_status, placed_at, total) WHERE user_id IS NOT NULL;
-- What staff look for is seldom the many that are paid and delivered: any filter by another status is answered from these few.
CREATE INDEX orders_not_done ON orders (id DESC) INCLUDE (status, payment_status, fulfillment_status, placed_at, total)
  WHERE status <> 'completed' OR payment_status <> 'paid' OR fulfillment_status <> 'delivered';
-- Found from their other side, too.
CREATE INDEX shipment_items_by_item ON shipment_items (order_item_id);
CREATE INDEX coupon_redemptions_by_order ON coupon_redemptions (order_id);

-- The books forget no order.
REVOKE DELETE ON orders FROM order_service;

CREATE FUNCTION orders_register() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO order_carts (cart_id, order_id) VALUES (NEW.cart_id, NEW.id);
  ELSIF OLD.number IS NOT NULL THEN
    RAISE EXCEPTION 'order % is numbered already', NEW.id USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'orders_number_stays';
  END IF;
  IF NEW.number IS NOT NULL THEN
    INSERT INTO order_numbers (number, order_id) VALUES (NEW.number, NEW.id);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER orders_register_new AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION orders_register();
CREATE TRIGGER orders_register_number AFTER UPDATE OF number ON orders FOR EACH ROW WHEN (NEW.number IS DISTINCT FROM OLD.number) EXECUTE FUNCTION orders_register();

CREATE FUNCTION orders_check_number() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM order_numbers WHERE order_id = NEW.id) THEN
    RAISE EXCEPTION 'order % has no number', NEW.id USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'orders_have_numbers';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER orders_have_numbers AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.number IS NULL) EXECUTE FUNCTION orders_check_number();

GRANT SELECT (cart_id, order_id) ON order_carts TO admin_service;
GRANT SELECT (number, order_id) ON order_numbers TO admin_service;
