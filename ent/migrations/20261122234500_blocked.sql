-- Written by hand: a column of a table with a composite key.

-- +goose Up

-- The place of a block in the list of those whom a user has blocked: made later, sorts later.
ALTER TABLE blocks ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid();
CREATE INDEX blocks_by_user ON blocks (user_id, id) WHERE by_user;

-- +goose Down
DROP INDEX blocks_by_user;
ALTER TABLE blocks DROP COLUMN id;
