-- Staff see what is open among all that was resolved.
CREATE INDEX work_items_open ON work_items (id DESC) WHERE status = 'open';
