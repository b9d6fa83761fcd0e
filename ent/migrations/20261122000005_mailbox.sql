-- +goose Up
-- modify "conversations" table
ALTER TABLE "conversations" ADD COLUMN "name" text NULL;
-- create index "conversations_name_key" to table: "conversations"
CREATE UNIQUE INDEX "conversations_name_key" ON "conversations" ("name");
-- modify "notes" table
ALTER TABLE "notes" ADD COLUMN "edited_at" timestamptz(3) NULL, ADD COLUMN "unsent_at" timestamptz(3) NULL;
-- modify "participants" table
ALTER TABLE "participants" ADD COLUMN "joined_seq" bigint NOT NULL DEFAULT 0, ADD COLUMN "state" character varying NOT NULL DEFAULT 'ACTIVE', ADD COLUMN "is_archived" boolean NOT NULL DEFAULT false, ADD COLUMN "is_muted" boolean NOT NULL DEFAULT false, ADD COLUMN "is_blocked" boolean NOT NULL DEFAULT false;
-- modify "users" table
ALTER TABLE "users" ADD COLUMN "shares_read_marks" boolean NOT NULL DEFAULT true;

-- +goose Down
-- reverse: modify "users" table
ALTER TABLE "users" DROP COLUMN "shares_read_marks";
-- reverse: modify "participants" table
ALTER TABLE "participants" DROP COLUMN "is_blocked", DROP COLUMN "is_muted", DROP COLUMN "is_archived", DROP COLUMN "state", DROP COLUMN "joined_seq";
-- reverse: modify "notes" table
ALTER TABLE "notes" DROP COLUMN "unsent_at", DROP COLUMN "edited_at";
-- reverse: create index "conversations_name_key" to table: "conversations"
DROP INDEX "conversations_name_key";
-- reverse: modify "conversations" table
ALTER TABLE "conversations" DROP COLUMN "name";
