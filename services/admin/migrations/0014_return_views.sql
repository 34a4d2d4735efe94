-- The list of orders asks for a return's status, where it asked whether one was requested.
UPDATE saved_views SET query = regexp_replace(query, '(^|&)returns=true(&|$)', '\1returns=requested\2') WHERE query ~ '(^|&)returns=true(&|$)';
