-- Written by hand: composite keys.

-- +goose Up

-- Who does not see whom (packages accounts and access). A block makes two rows, one for each side, so that
-- one look tells whether a user sees another: neither sees what the other writes.
CREATE TABLE blocks (
  user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  other_id   uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  by_user    boolean NOT NULL, -- user_id has blocked other_id; otherwise only the other way round
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (user_id, other_id)
);

-- Notes that a user has deleted on their own side only (package notes).
CREATE TABLE hidden_notes (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  note_id uuid NOT NULL REFERENCES notes ON DELETE CASCADE,
  PRIMARY KEY (user_id, note_id)
);
CREATE INDEX hidden_notes_note ON hidden_notes (note_id);

-- What a user has not read of a conversation are the entries beyond the read mark that count: those of
-- blocked senders and of unsent notes do not.
ALTER TABLE inbox_entries ADD COLUMN conversation_id uuid, ADD COLUMN seq bigint, ADD COLUMN counts boolean NOT NULL DEFAULT true;

-- A program of the version before this one may still write entries while servers are replaced: it does not
-- know the new columns.
-- +goose StatementBegin
CREATE FUNCTION complete_inbox_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT n.conversation_id, n.seq INTO NEW.conversation_id, NEW.seq FROM notes n WHERE n.id = NEW.note_id;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER complete_inbox_entry BEFORE INSERT ON inbox_entries FOR EACH ROW
  WHEN (NEW.conversation_id IS NULL) EXECUTE FUNCTION complete_inbox_entry();

UPDATE inbox_entries AS e SET conversation_id = n.conversation_id, seq = n.seq FROM notes n WHERE n.id = e.note_id;
CREATE INDEX inbox_entries_conversation ON inbox_entries (user_id, conversation_id, seq);

-- +goose Down
DROP TRIGGER complete_inbox_entry ON inbox_entries;
DROP FUNCTION complete_inbox_entry;
DROP INDEX inbox_entries_conversation;
ALTER TABLE inbox_entries DROP COLUMN counts, DROP COLUMN seq, DROP COLUMN conversation_id;
DROP TABLE hidden_notes, blocks;
