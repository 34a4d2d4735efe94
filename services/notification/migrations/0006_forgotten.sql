-- What was kept of mails that failed goes, as it has gone of those that were sent: links, and who had left the shop.
UPDATE mails SET gone = true WHERE recipient = 'deleted@account.invalid';
UPDATE mails
   SET gone = template = 'account_deleted',
       recipient = CASE template WHEN 'account_deleted' THEN 'deleted@account.invalid' ELSE recipient END,
       last_error = CASE template WHEN 'account_deleted' THEN NULL ELSE last_error END,
       content = CASE WHEN order_number IS NOT NULL THEN jsonb_set(content, '{data,url}', to_jsonb(split_part(content #>> '{data,url}', '?', 1))) END
 WHERE status = 'failed' AND NOT gone;
