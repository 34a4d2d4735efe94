-- What the file before said holds for all rows, too.
DO $$
DECLARE
  step text;
BEGIN
  FOR step IN
    SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I', conrelid::regclass, conname)
      FROM pg_constraint WHERE contype = 'f' AND NOT convalidated AND conparentid = 0 AND confrelid IN ('orders'::regclass, 'order_carts'::regclass)
     ORDER BY conrelid::regclass::text
  LOOP
    EXECUTE step;
  END LOOP;
END $$;
