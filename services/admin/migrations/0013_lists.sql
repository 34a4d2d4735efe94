-- What the audit log is narrowed to that had no index yet: somebody's id, and the acts that found something changed.
CREATE INDEX audit_logs_by_actor_id ON audit_logs (actor_id, at DESC, seq DESC) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_logs_changed ON audit_logs (at DESC, seq DESC) WHERE outcome = 'changed';
