-- Staff look at the mails of an order, read their text and send them again. The text of a mail about an order is kept for that, without the link that lets
-- its reader in; the text of any other goes when the mail has gone.
ALTER TABLE mails
  ADD COLUMN order_number text,            -- the order that it is about, by its number for people
  ADD COLUMN resend_of    uuid,            -- the mail that staff sent again by this one
  ADD COLUMN resend_key   text;            -- who asked for it, and with which key: asked for twice, it is one mail
CREATE UNIQUE INDEX mails_resent_once ON mails (resend_key) WHERE resend_key IS NOT NULL;
CREATE INDEX mails_by_order ON mails (order_number, created_at DESC) WHERE order_number IS NOT NULL;
CREATE INDEX mails_by_recipient ON mails (recipient);
CREATE INDEX mails_with_text ON mails (created_at) WHERE content IS NOT NULL AND status <> 'pending';

GRANT SELECT (order_number, resend_of, traceparent) ON mails TO admin_service;
