-- Written by hand: composite keys, and a queue.

-- +goose Up

-- Who is notified of what happens to a subject, such as a post, and who has muted one (package notify).
CREATE TABLE watchers (
  subject_id uuid NOT NULL,
  user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  since      bigint NOT NULL, -- the position in the subject's log after which it concerns the user
  is_muted   boolean NOT NULL DEFAULT false,
  PRIMARY KEY (subject_id, user_id)
);
CREATE INDEX watchers_user ON watchers (user_id);
INSERT INTO watchers (subject_id, user_id, since) SELECT id, author_id, 0 FROM posts WHERE author_id IS NOT NULL;
INSERT INTO watchers (subject_id, user_id, since)
SELECT post_id, author_id, min(position) FROM comments WHERE author_id IS NOT NULL GROUP BY post_id, author_id
ON CONFLICT DO NOTHING;

-- What more watchers are to be told of than one transaction should write: the workers write it, batch by
-- batch, in the order of the users' ids. Those of one subject are done in the order of its log.
CREATE TABLE fanouts (
  subject_id   uuid NOT NULL,
  position     bigint NOT NULL, -- of the cause, in the log of the subject
  kind         text NOT NULL,
  subject_kind text NOT NULL,
  cause_id     uuid NOT NULL,
  actor_id     uuid NOT NULL,
  except_id    uuid, -- somebody who was told in another way
  at           timestamptz(3) NOT NULL DEFAULT now(),
  told_to      uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', -- the last user who was told
  failures     int NOT NULL DEFAULT 0,
  not_before   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject_id, position)
);

-- +goose Down
DROP TABLE fanouts, watchers;
