-- Written by hand: these tables have composite keys, which ent cannot describe.

-- +goose Up

-- The head of each event log (package stream). A user's topic is the mailbox: it also counts what is unread.
CREATE TABLE topics (
  id                   uuid PRIMARY KEY,
  seq                  bigint NOT NULL DEFAULT 0,
  unread_notes         int NOT NULL DEFAULT 0,
  unread_conversations int NOT NULL DEFAULT 0,
  unread_notifications int NOT NULL DEFAULT 0,
  unseen_notifications int NOT NULL DEFAULT 0
) WITH (fillfactor = 50); -- updated by every event: room for the new version on the same page

CREATE TABLE events (
  topic_id   uuid NOT NULL,
  seq        bigint NOT NULL,
  kind       smallint NOT NULL,
  subject_id uuid NOT NULL,
  author_id  uuid,
  at         timestamptz(3) NOT NULL,
  unread_notes         int NOT NULL DEFAULT 0,
  unread_conversations int NOT NULL DEFAULT 0,
  unread_notifications int NOT NULL DEFAULT 0,
  unseen_notifications int NOT NULL DEFAULT 0,
  PRIMARY KEY (topic_id, seq)
);

-- What changed lately: the net under the broker. Unlogged, because after a crash every process reads the
-- heads of all it serves anyway.
CREATE UNLOGGED TABLE wakes (
  xid    xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at     timestamptz NOT NULL DEFAULT now(),
  topics uuid[] NOT NULL
);
CREATE INDEX wakes_xid ON wakes (xid);

-- One row, raised by rotate-epoch: part of what makes cursors of another database invalid.
CREATE TABLE epoch (counter bigint NOT NULL);
INSERT INTO epoch VALUES (1);

-- One row per note and recipient, in the order of the recipient's log (package notes).
CREATE TABLE inbox_entries (
  user_id         uuid NOT NULL,
  position        bigint NOT NULL,
  note_id         uuid NOT NULL REFERENCES notes ON DELETE CASCADE,
  PRIMARY KEY (user_id, position)
);
CREATE INDEX inbox_entries_note ON inbox_entries (note_id);

-- What a notification stands for: each note, comment or like that made it grow (package notify).
CREATE TABLE notification_causes (
  notification_id uuid NOT NULL REFERENCES notifications ON DELETE CASCADE,
  actor_id        uuid NOT NULL,
  cause_id        uuid NOT NULL,
  position        bigint NOT NULL,
  PRIMARY KEY (notification_id, actor_id, cause_id)
);
CREATE INDEX notification_causes_cause ON notification_causes (cause_id);

-- +goose Down
DROP TABLE notification_causes, inbox_entries, epoch, wakes, events, topics;
