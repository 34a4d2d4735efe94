-- Whether its reader's account is deleted: then neither the text nor the address outlasts the sending, of this mail and of all that are about the same order.
ALTER TABLE mails ADD COLUMN gone boolean NOT NULL DEFAULT false;
