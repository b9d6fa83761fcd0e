-- Written by hand: a queue, and a column of another.

-- +goose Up

-- What is gone, such as a post and its comments, of which more users have notifications than one transaction
-- should lock: the workers take them back, batch by batch (package notify). What is taken back is deleted, so
-- what is left to do is what is found.
CREATE TABLE retractions (
  gone_id    uuid PRIMARY KEY,
  is_cause   boolean NOT NULL, -- it is taken out of notifications about other things, too
  at         timestamptz(3) NOT NULL DEFAULT now(),
  failures   int NOT NULL DEFAULT 0,
  not_before timestamptz NOT NULL DEFAULT now()
);

-- All who were told in another way; except_id is one of them, for a program of the version before this one.
ALTER TABLE fanouts ADD COLUMN except_ids uuid[] NOT NULL DEFAULT '{}';

-- +goose Down
ALTER TABLE fanouts DROP COLUMN except_ids;
DROP TABLE retractions;
