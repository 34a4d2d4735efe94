-- What staff did anywhere, as the service says that did it (the event staff.acted), beside what was asked and answered in the panel.
-- A constant default rewrites nothing, and the previous release goes on inserting its rows without these columns.
ALTER TABLE audit_logs
  ADD COLUMN source     text NOT NULL DEFAULT 'mercato/admin', -- who says so: the panel, or the service that owns the target
  ADD COLUMN through    text,                                  -- rest, or the service that called in their name; absent for the panel's own
  ADD COLUMN actor_role text,
  ADD COLUMN before     jsonb,                                 -- what of the target changed
  ADD COLUMN after      jsonb,
  ADD COLUMN ip         text;
