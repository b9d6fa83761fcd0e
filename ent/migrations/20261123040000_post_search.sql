-- Written by hand: an array, a queue, a trigger.

-- +goose Up

-- The index of words of posts (package board): of each the numbers that stand for its pairs of characters. It is
-- written by the worker, after the post.
CREATE TABLE post_terms (
  post_id uuid PRIMARY KEY,
  version int NOT NULL, -- of the terms: those of another are made anew
  terms   int[] NOT NULL
);
CREATE INDEX post_terms_terms ON post_terms USING gin (terms);

-- The posts whose text has come, has changed or is gone since the worker looked: a row each time.
CREATE TABLE post_changes (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  post_id uuid NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION note_post_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO post_changes (post_id) VALUES (coalesce(NEW.id, OLD.id));
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER note_post_change AFTER INSERT OR DELETE OR UPDATE OF title, body ON posts FOR EACH ROW EXECUTE FUNCTION note_post_change();

INSERT INTO post_changes (post_id) SELECT id FROM posts;

-- +goose Down
DROP TRIGGER note_post_change ON posts;
DROP FUNCTION note_post_change;
DROP TABLE post_changes, post_terms;
