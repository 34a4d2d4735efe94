-- Staff look for the bad reviews first, which are few.
CREATE INDEX reviews_rating ON reviews (rating, id);
