-- Mails to be sent and mails sent. A row is written in the transaction that takes its event; a job sends it later.
CREATE TABLE mails (
  id              uuid PRIMARY KEY,          -- the event's id, and so the Message-ID
  recipient       text NOT NULL,
  template        text NOT NULL,
  subject         text NOT NULL,
  content         jsonb,                     -- what the template is filled with; links in it let in, so it goes when the mail has gone
  status          text NOT NULL DEFAULT 'pending' CONSTRAINT mails_status CHECK (status IN ('pending', 'sent', 'failed')),
  attempts        integer NOT NULL DEFAULT 0 CONSTRAINT mails_attempts CHECK (attempts >= 0),
  next_attempt_at timestamptz NOT NULL,      -- for a mail that is being sent: when to think its sender dead
  last_error      text,
  traceparent     text,
  created_at      timestamptz NOT NULL,
  sent_at         timestamptz,
  failed_at       timestamptz,
  CONSTRAINT mails_pending_have_content CHECK (status <> 'pending' OR content IS NOT NULL),
  CONSTRAINT mails_sent_have_a_time CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
  CONSTRAINT mails_failed_have_a_time CHECK ((status = 'failed') = (failed_at IS NOT NULL))
);
CREATE INDEX mails_due ON mails (next_attempt_at) WHERE status = 'pending';
CREATE INDEX mails_newest ON mails (created_at DESC, id DESC);

-- Staff may see what was sent to whom, never its content: that holds links that let in.
GRANT SELECT (id, recipient, template, subject, status, attempts, next_attempt_at, created_at, sent_at, failed_at) ON mails TO admin_service;
