-- Written by hand: a composite key.

-- +goose Up

-- What a user has switched off, or on again: all else is on (package notify).
CREATE TABLE notification_preferences (
  user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  kind       text NOT NULL,
  channel    text NOT NULL,
  is_enabled boolean NOT NULL,
  PRIMARY KEY (user_id, kind, channel)
);

-- +goose Down
DROP TABLE notification_preferences;
