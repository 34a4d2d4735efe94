-- The audit log is a chain: each row has its number, the hash of the row before, and the hash of itself. `admin verify-audit` proves it.
--
-- The database makes the chain, in a trigger with its owner's rights, so that nobody who may only insert, whatever release of the panel, can choose
-- a number or a hash. The hash is over what is stored: jsonb as PostgreSQL writes it out again.
--
-- Rows that are there already are chained once, in the order of their time: about 20,000 a second, while who writes to the log waits.

-- A value in the text that is hashed: absent, or its length in bytes and its bytes, so that no two rows have the same text.
CREATE FUNCTION audit_field(value text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN value IS NULL THEN '\x00'::bytea
              ELSE '\x01'::bytea || int4send(octet_length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8') END
$$;

ALTER TABLE audit_logs
  ADD COLUMN seq           bigint,
  ADD COLUMN format        smallint, -- which columns are hashed, and how: a new column of this table is a new format
  ADD COLUMN previous_hash bytea,
  ADD COLUMN hash          bytea;

-- Format 1. The columns stand in this order for ever; services/admin/src/domain/audit_chain.rs computes the same.
CREATE FUNCTION audit_hash(log audit_logs) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT sha256(
    convert_to('mercato.audit.1', 'UTF8')
    || audit_field(log.seq::text)
    || audit_field(encode(log.previous_hash, 'hex'))
    || audit_field(log.id::text)
    || audit_field((extract(epoch FROM log.at) * 1000000)::bigint::text)
    || audit_field(log.actor_id::text)
    || audit_field(log.actor_email)
    || audit_field(log.actor_role)
    || audit_field(log.action)
    || audit_field(log.target)
    || audit_field(log.outcome)
    || audit_field(log.details::text)
    || audit_field(log.before::text)
    || audit_field(log.after::text)
    || audit_field(log.source)
    || audit_field(log.through)
    || audit_field(log.ip)
    || audit_field(log.request_id))
$$;

-- The last row of the log, so that its end cannot go missing unseen. Its one row is also the lock under which rows are added.
CREATE TABLE audit_head (
  only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT audit_head_is_one_row CHECK (only_row),
  seq      bigint NOT NULL,
  hash     bytea  NOT NULL CONSTRAINT audit_head_has_a_hash CHECK (octet_length(hash) = 32)
);
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_head FROM admin_service;

ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_append_only;
DO $$
DECLARE
  log  audit_logs;
  head bytea := decode(repeat('00', 32), 'hex');
  last bigint := 0;
BEGIN
  FOR log IN SELECT * FROM audit_logs ORDER BY at, id LOOP
    last := last + 1;
    log.seq := last;
    log.format := 1;
    log.previous_hash := head;
    head := audit_hash(log);
    UPDATE audit_logs SET seq = last, format = 1, previous_hash = log.previous_hash, hash = head WHERE id = log.id;
  END LOOP;
  INSERT INTO audit_head (seq, hash) VALUES (last, head);
END $$;
ALTER TABLE audit_logs ENABLE TRIGGER audit_logs_append_only;

ALTER TABLE audit_logs
  ALTER COLUMN seq SET NOT NULL,
  ALTER COLUMN format SET NOT NULL,
  ALTER COLUMN previous_hash SET NOT NULL,
  ALTER COLUMN hash SET NOT NULL,
  ADD CONSTRAINT audit_logs_seq UNIQUE (seq),
  ADD CONSTRAINT audit_logs_have_hashes CHECK (octet_length(previous_hash) = 32 AND octet_length(hash) = 32);

-- Adds the row to the chain. The lock is held to the end of the transaction, so the row is the last thing that a transaction writes.
-- A row that is there already is not added again.
CREATE FUNCTION audit_logs_chain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE head audit_head;
BEGIN
  SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
  IF EXISTS (SELECT FROM audit_logs WHERE id = NEW.id) THEN
    RETURN NULL;
  END IF;
  NEW.seq := head.seq + 1;
  NEW.format := 1;
  NEW.previous_hash := head.hash;
  NEW.hash := audit_hash(NEW);
  UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_logs_chain BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION audit_logs_chain();

-- What the panel's page asks for, each in the order in which it is shown.
DROP INDEX audit_logs_by_time;
DROP INDEX audit_logs_by_target;
CREATE INDEX audit_logs_by_time ON audit_logs (at DESC, seq DESC);
CREATE INDEX audit_logs_by_target ON audit_logs (target, at DESC, seq DESC);
CREATE INDEX audit_logs_by_actor ON audit_logs (actor_email, at DESC, seq DESC);
CREATE INDEX audit_logs_by_action ON audit_logs (action, at DESC, seq DESC);
CREATE INDEX audit_logs_refused ON audit_logs (at DESC, seq DESC) WHERE outcome NOT IN ('asked', 'done', 'changed');
CREATE INDEX audit_logs_by_request ON audit_logs (request_id) WHERE request_id <> '';
