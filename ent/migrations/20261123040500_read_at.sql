-- +goose Up
-- modify "notifications" table
ALTER TABLE "notifications" ADD COLUMN "read_at" timestamptz(3) NULL;
-- create index "notification_read" to table: "notifications"
CREATE INDEX "notification_read" ON "notifications" ("read_at", "updated_at") WHERE is_read;

-- +goose Down
-- reverse: create index "notification_read" to table: "notifications"
DROP INDEX "notification_read";
-- reverse: modify "notifications" table
ALTER TABLE "notifications" DROP COLUMN "read_at";
