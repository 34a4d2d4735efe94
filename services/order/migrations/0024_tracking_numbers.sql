-- As they are kept from now on: without the gaps in which carriers print them.
UPDATE shipments SET tracking_number = regexp_replace(tracking_number, '\s', '', 'g') WHERE tracking_number ~ '\s';
