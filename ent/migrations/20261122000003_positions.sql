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
  shared       boolean NOT NULL DEFAULT false, -- two sockets at once used it: it says nothing
  PRIMARY KEY (user_id, device, subscription)
) WITH (fillfactor = 70);

-- Events are written in order of time, so a summary per range of pages is enough to find the old ones.
CREATE INDEX events_at ON events USING brin (at) WITH (autosummarize = on);

-- +goose Down
DROP INDEX events_at;
DROP TABLE positions;
