-- Written by hand: a composite key.

-- +goose Up

-- How far each subscription of each device of a user got, as its client has acknowledged (package stream).
CREATE TABLE positions (
  user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  device       text NOT NULL,
  subscription text NOT NULL, -- the field, and its arguments without after
  seq          bigint NOT NULL,
  epoch        bigint NOT NULL,
  holder       uuid NOT NULL, -- the subscription that opened it last
  held_since   timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at      timestamptz NOT NULL DEFAULT clock_timestamp(), -- opened, acknowledged, or open for another hour
  shared       boolean NOT NULL DEFAULT false, -- two sockets at once used it: it says nothing
  PRIMARY KEY (user_id, device, subscription)
) WITH (fillfactor = 70);

-- For the retention. A summary per range of pages would be smaller, but covers ever more of the table once
-- freed pages are used again.
CREATE INDEX events_at ON events (at);

-- +goose Down
DROP INDEX events_at;
DROP TABLE positions;
