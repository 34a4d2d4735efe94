-- The few that staff have to look at are found among all that were sent.
CREATE INDEX mails_failed ON mails (created_at DESC, id DESC) INCLUDE (failed_at) WHERE status = 'failed';
