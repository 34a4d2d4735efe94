-- Invoices and credit notes, as they were issued: whole, numbered without gaps, never changed. Issued after the fact from what the order has frozen.
CREATE TABLE documents (
  kind      text NOT NULL CONSTRAINT documents_kind CHECK (kind IN ('invoice', 'credit_note')),
  serial    bigint NOT NULL,                -- counts the documents of a kind
  number    text NOT NULL,                  -- as it stands on the document
  order_id  uuid NOT NULL CONSTRAINT documents_order_id_fkey REFERENCES orders (id),
  refund_id uuid CONSTRAINT documents_refund_id_fkey REFERENCES refunds (id),
  content   jsonb NOT NULL,
  issued_at timestamptz NOT NULL,
  PRIMARY KEY (kind, serial),
  CONSTRAINT documents_of_refunds CHECK ((kind = 'credit_note') = (refund_id IS NOT NULL))
);
CREATE UNIQUE INDEX documents_one_invoice ON documents (order_id) WHERE kind = 'invoice';
CREATE UNIQUE INDEX documents_one_credit_note ON documents (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX documents_by_order ON documents (order_id, issued_at);
REVOKE UPDATE, DELETE, TRUNCATE ON documents FROM order_service;

-- Taken in the transaction that issues the document, so that an interrupted one leaves no gap.
CREATE TABLE document_counters (
  kind text PRIMARY KEY,
  last bigint NOT NULL
);
INSERT INTO document_counters (kind, last) VALUES ('invoice', 0), ('credit_note', 0);

-- What is still to be issued is found by these; both indexes hold little more than that.
ALTER TABLE orders ADD COLUMN invoice_number text;
ALTER TABLE refunds ADD COLUMN credit_note_number text;
CREATE INDEX orders_without_invoice ON orders (confirmed_at)
  WHERE invoice_number IS NULL AND payment_status IN ('paid', 'partially_refunded', 'refunded');
CREATE INDEX refunds_without_credit_note ON refunds (updated_at) WHERE credit_note_number IS NULL AND status = 'succeeded';

GRANT SELECT (kind, serial, number, order_id, refund_id, issued_at) ON documents TO admin_service;
GRANT SELECT (invoice_number) ON orders TO admin_service;
GRANT SELECT (credit_note_number) ON refunds TO admin_service;
