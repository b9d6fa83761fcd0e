-- +goose Up
-- modify "comments" table
ALTER TABLE "comments" ADD COLUMN "edited_at" timestamptz(3) NULL, ADD COLUMN "deleted_at" timestamptz(3) NULL;
-- drop index "notification_subject_id" from table: "notifications"
DROP INDEX "notification_subject_id";
-- create index "notification_subject_id_user_id" to table: "notifications"
CREATE INDEX "notification_subject_id_user_id" ON "notifications" ("subject_id", "user_id");
-- modify "posts" table
ALTER TABLE "posts" ADD COLUMN "edited_at" timestamptz(3) NULL;

-- +goose Down
-- reverse: modify "posts" table
ALTER TABLE "posts" DROP COLUMN "edited_at";
-- reverse: create index "notification_subject_id_user_id" to table: "notifications"
DROP INDEX "notification_subject_id_user_id";
-- reverse: drop index "notification_subject_id" from table: "notifications"
CREATE INDEX "notification_subject_id" ON "notifications" ("subject_id");
-- reverse: modify "comments" table
ALTER TABLE "comments" DROP COLUMN "deleted_at", DROP COLUMN "edited_at";
