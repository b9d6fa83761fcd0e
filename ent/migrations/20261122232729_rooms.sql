-- +goose Up
-- create index "participant_conversation_id_id" to table: "participants"
CREATE INDEX "participant_conversation_id_id" ON "participants" ("conversation_id", "id");
-- modify "conversations" table
ALTER TABLE "conversations" ADD COLUMN "folded_title" text NULL, ADD COLUMN "participant_count" bigint NOT NULL DEFAULT 0, ADD COLUMN "position" bigint NOT NULL DEFAULT 0, ADD COLUMN "idempotency_key" text NULL, ADD COLUMN "input_hash" bytea NULL, ADD COLUMN "creator_id" uuid NULL, ADD CONSTRAINT "conversations_users_creator" FOREIGN KEY ("creator_id") REFERENCES "users" ("id") ON DELETE SET NULL;
-- create index "conversation_creator_id_kind_idempotency_key" to table: "conversations"
CREATE UNIQUE INDEX "conversation_creator_id_kind_idempotency_key" ON "conversations" ("creator_id", "kind", "idempotency_key") WHERE idempotency_key IS NOT NULL;

-- +goose Down
-- reverse: create index "conversation_creator_id_kind_idempotency_key" to table: "conversations"
DROP INDEX "conversation_creator_id_kind_idempotency_key";
-- reverse: modify "conversations" table
ALTER TABLE "conversations" DROP CONSTRAINT "conversations_users_creator", DROP COLUMN "creator_id", DROP COLUMN "input_hash", DROP COLUMN "idempotency_key", DROP COLUMN "position", DROP COLUMN "participant_count", DROP COLUMN "folded_title";
-- reverse: create index "participant_conversation_id_id" to table: "participants"
DROP INDEX "participant_conversation_id_id";
