-- Written by hand: one row without a key.

-- +goose Up

-- When a process that does the housekeeping was last there; NULL: never. All of them keep the one row.
CREATE TABLE workers (seen_at timestamptz);
INSERT INTO workers VALUES (NULL);

-- +goose Down
DROP TABLE workers;
