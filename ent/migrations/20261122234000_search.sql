-- Written by hand: composite keys, an array, a trigger.

-- +goose Up

-- The index of words (package notes): of each note the numbers that stand for its pairs of characters and for
-- the users in whose boxes it is. It is written by the worker, after the note.
CREATE TABLE note_terms (
  conversation_id uuid NOT NULL,
  seq             bigint NOT NULL,
  terms           int[] NOT NULL,
  PRIMARY KEY (conversation_id, seq)
);
CREATE INDEX note_terms_terms ON note_terms USING gin (terms);

-- No foreign key, which would touch each note again when it is indexed.
-- +goose StatementBegin
CREATE FUNCTION forget_note_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM note_terms t USING gone WHERE t.conversation_id = gone.conversation_id AND t.seq = gone.seq;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER forget_note_terms AFTER DELETE ON notes REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_note_terms();

-- How far the log of each user was read for what the user has written and changed.
CREATE TABLE search_marks (
  user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  version int NOT NULL, -- of the terms: another begins anew
  seq     bigint NOT NULL
) WITH (fillfactor = 70); -- updated all the time: room for the new version on the same page

-- +goose Down
DROP TABLE search_marks;
DROP TRIGGER forget_note_terms ON notes;
DROP FUNCTION forget_note_terms;
DROP TABLE note_terms;
