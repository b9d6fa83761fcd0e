-- +goose Up
-- modify "notifications" table
ALTER TABLE "notifications" ADD COLUMN "is_archived" boolean NOT NULL DEFAULT false;

-- +goose Down
-- reverse: modify "notifications" table
ALTER TABLE "notifications" DROP COLUMN "is_archived";
