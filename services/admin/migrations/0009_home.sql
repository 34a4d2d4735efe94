-- What the first page shows.

-- Sums by quarter hours, so that a day that is not over is compared with the same hours of another. All orders are read in anew for them.
ALTER TABLE sales_rollups
  DROP CONSTRAINT sales_rollups_report,
  ADD CONSTRAINT sales_rollups_report CHECK (report IN ('all', 'product', 'category', 'seller', 'offer', 'country', 'tax', 'hour'));
UPDATE analytics_state SET filled_until = '00000000-0000-0000-0000-000000000000', epoch = epoch + 1;

-- Variants that will be sold out soon if they sell as in the last 30 days, the first to be so first. Made anew every few minutes: finding them takes a look at
-- all sales of these days.
CREATE TABLE stock_cover (
  place      integer PRIMARY KEY,
  variant_id uuid NOT NULL,
  available  bigint NOT NULL,
  sold       bigint NOT NULL,
  days       integer NOT NULL
);

-- Who looks at a page of the panel hears that something is new there, whatever wrote it.
CREATE FUNCTION tell_panel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('panel_news', 'home');
  RETURN NULL;
END $$;
CREATE TRIGGER tell_panel AFTER UPDATE OF epoch ON analytics_state FOR EACH STATEMENT EXECUTE FUNCTION tell_panel();
CREATE TRIGGER tell_panel AFTER INSERT ON notifications FOR EACH STATEMENT EXECUTE FUNCTION tell_panel();
-- Failed deliveries and conversations are among what needs staff.
CREATE TRIGGER tell_panel AFTER UPDATE OF status ON webhook_deliveries FOR EACH STATEMENT EXECUTE FUNCTION tell_panel();
CREATE TRIGGER tell_panel AFTER INSERT OR UPDATE OF status ON threads FOR EACH STATEMENT EXECUTE FUNCTION tell_panel();
