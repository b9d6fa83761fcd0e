-- +goose Up
-- modify "comments" table
ALTER TABLE "comments" ADD COLUMN "edited_at" timestamptz(3) NULL, ADD COLUMN "deleted_at" timestamptz(3) NULL;
-- modify "notifications" table
ALTER TABLE "notifications" ADD COLUMN "is_archived" boolean NOT NULL DEFAULT false;
-- modify "posts" table
ALTER TABLE "posts" ADD COLUMN "edited_at" timestamptz(3) NULL, ADD COLUMN "deleted_at" timestamptz(3) NULL;

-- +goose Down
-- reverse: modify "posts" table
ALTER TABLE "posts" DROP COLUMN "deleted_at", DROP COLUMN "edited_at";
-- reverse: modify "notifications" table
ALTER TABLE "notifications" DROP COLUMN "is_archived";
-- reverse: modify "comments" table
ALTER TABLE "comments" DROP COLUMN "deleted_at", DROP COLUMN "edited_at";
