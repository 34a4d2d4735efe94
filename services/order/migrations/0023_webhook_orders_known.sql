-- Of messages that are there: the order that they name, else that of the payment whose name they have.
UPDATE webhook_events w
   SET order_id = coalesce(
         (SELECT id FROM orders WHERE id = substring(w.payload #>> '{data,object,metadata,order_id}' FROM '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$')::uuid),
         (SELECT order_id FROM payments WHERE provider = 'stripe' AND (provider_ref = w.subject OR session_ref = w.subject) LIMIT 1))
 WHERE subject IS NOT NULL;
