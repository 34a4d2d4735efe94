-- What staff set for the whole shop: one row, whole, with a number that grows by one with each change. What is absent is as the
-- environment of each service says. Who changed it stands in the audit log.
CREATE TABLE system_settings (
  only_row   boolean PRIMARY KEY DEFAULT true CONSTRAINT system_settings_is_one_row CHECK (only_row),
  version    bigint NOT NULL,
  "values"   jsonb NOT NULL,
  changed_at timestamptz
);
INSERT INTO system_settings (version, "values") VALUES (0, '{}');
REVOKE INSERT, DELETE, TRUNCATE ON system_settings FROM admin_service;
