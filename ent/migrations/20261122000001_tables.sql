-- +goose Up
-- create "users" table
CREATE TABLE "users" ("id" uuid NOT NULL, "username" text NOT NULL, "display_name" text NOT NULL, "avatar_url" text NULL, "password_hash" text NULL, "is_bot" boolean NOT NULL DEFAULT false, "created_at" timestamptz(3) NOT NULL, PRIMARY KEY ("id"));
-- create index "users_username_key" to table: "users"
CREATE UNIQUE INDEX "users_username_key" ON "users" ("username");
-- create "posts" table
CREATE TABLE "posts" ("id" uuid NOT NULL, "title" text NOT NULL, "body" text NOT NULL, "created_at" timestamptz(3) NOT NULL, "comment_count" bigint NOT NULL DEFAULT 0, "like_count" bigint NOT NULL DEFAULT 0, "idempotency_key" text NULL, "input_hash" bytea NULL, "author_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "posts_users_author" FOREIGN KEY ("author_id") REFERENCES "users" ("id") ON DELETE SET NULL);
-- create index "post_author_id_id" to table: "posts"
CREATE INDEX "post_author_id_id" ON "posts" ("author_id", "id");
-- create index "post_author_id_idempotency_key" to table: "posts"
CREATE UNIQUE INDEX "post_author_id_idempotency_key" ON "posts" ("author_id", "idempotency_key") WHERE idempotency_key IS NOT NULL;
-- create "comments" table
CREATE TABLE "comments" ("id" uuid NOT NULL, "parent_id" uuid NULL, "position" bigint NOT NULL, "body" text NOT NULL, "created_at" timestamptz(3) NOT NULL, "reply_count" bigint NOT NULL DEFAULT 0, "like_count" bigint NOT NULL DEFAULT 0, "idempotency_key" text NULL, "input_hash" bytea NULL, "post_id" uuid NOT NULL, "author_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "comments_posts_post" FOREIGN KEY ("post_id") REFERENCES "posts" ("id") ON DELETE CASCADE, CONSTRAINT "comments_users_author" FOREIGN KEY ("author_id") REFERENCES "users" ("id") ON DELETE SET NULL);
-- create index "comment_post_id_position" to table: "comments"
CREATE UNIQUE INDEX "comment_post_id_position" ON "comments" ("post_id", "position");
-- create index "comment_parent_id_position" to table: "comments"
CREATE INDEX "comment_parent_id_position" ON "comments" ("parent_id", "position") WHERE parent_id IS NOT NULL;
-- create index "comment_author_id_idempotency_key" to table: "comments"
CREATE UNIQUE INDEX "comment_author_id_idempotency_key" ON "comments" ("author_id", "idempotency_key") WHERE idempotency_key IS NOT NULL;
-- create "likes" table
CREATE TABLE "likes" ("id" uuid NOT NULL, "subject_id" uuid NOT NULL, "created_at" timestamptz(3) NOT NULL, "removed_at" timestamptz(3) NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "likes_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE);
-- create index "like_subject_id_user_id" to table: "likes"
CREATE UNIQUE INDEX "like_subject_id_user_id" ON "likes" ("subject_id", "user_id");
-- create index "like_user_id" to table: "likes"
CREATE INDEX "like_user_id" ON "likes" ("user_id");
-- create "conversations" table
CREATE TABLE "conversations" ("id" uuid NOT NULL, "kind" character varying NOT NULL, "pair" text NULL, "title" text NULL, "seq" bigint NOT NULL DEFAULT 0, "last_note_id" uuid NULL, "created_at" timestamptz(3) NOT NULL, "updated_at" timestamptz(3) NOT NULL, PRIMARY KEY ("id"));
-- create index "conversations_pair_key" to table: "conversations"
CREATE UNIQUE INDEX "conversations_pair_key" ON "conversations" ("pair");
-- create "notes" table
CREATE TABLE "notes" ("id" uuid NOT NULL, "seq" bigint NOT NULL, "position" bigint NOT NULL, "body" text NOT NULL, "reply_to_id" uuid NULL, "created_at" timestamptz(3) NOT NULL, "idempotency_key" text NULL, "input_hash" bytea NULL, "conversation_id" uuid NOT NULL, "sender_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "notes_conversations_conversation" FOREIGN KEY ("conversation_id") REFERENCES "conversations" ("id") ON DELETE CASCADE, CONSTRAINT "notes_users_sender" FOREIGN KEY ("sender_id") REFERENCES "users" ("id") ON DELETE SET NULL);
-- create index "note_conversation_id_seq" to table: "notes"
CREATE UNIQUE INDEX "note_conversation_id_seq" ON "notes" ("conversation_id", "seq");
-- create index "note_sender_id_position" to table: "notes"
CREATE INDEX "note_sender_id_position" ON "notes" ("sender_id", "position");
-- create index "note_sender_id_idempotency_key" to table: "notes"
CREATE UNIQUE INDEX "note_sender_id_idempotency_key" ON "notes" ("sender_id", "idempotency_key") WHERE idempotency_key IS NOT NULL;
-- create "notifications" table
CREATE TABLE "notifications" ("id" uuid NOT NULL, "kind" character varying NOT NULL, "subject_kind" character varying NULL, "subject_id" uuid NULL, "group_key" text NOT NULL, "is_open" boolean NOT NULL DEFAULT true, "count" bigint NOT NULL DEFAULT 0, "actor_count" bigint NOT NULL DEFAULT 0, "is_seen" boolean NOT NULL DEFAULT false, "is_read" boolean NOT NULL DEFAULT false, "position" bigint NOT NULL, "created_at" timestamptz(3) NOT NULL, "updated_at" timestamptz(3) NOT NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "notifications_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE);
-- create index "notification_user_id_group_key" to table: "notifications"
CREATE UNIQUE INDEX "notification_user_id_group_key" ON "notifications" ("user_id", "group_key") WHERE is_open;
-- create index "notification_user_id_position" to table: "notifications"
CREATE INDEX "notification_user_id_position" ON "notifications" ("user_id", "position");
-- create index "notification_unseen" to table: "notifications"
CREATE INDEX "notification_unseen" ON "notifications" ("user_id", "position") WHERE NOT is_seen;
-- create index "notification_unread" to table: "notifications"
CREATE INDEX "notification_unread" ON "notifications" ("user_id", "position") WHERE NOT is_read;
-- create index "notification_subject_id" to table: "notifications"
CREATE INDEX "notification_subject_id" ON "notifications" ("subject_id");
-- create "participants" table
CREATE TABLE "participants" ("id" uuid NOT NULL, "role" character varying NOT NULL DEFAULT 'MEMBER', "joined_at" timestamptz(3) NOT NULL, "last_read_seq" bigint NOT NULL DEFAULT 0, "unread_count" bigint NOT NULL DEFAULT 0, "position" bigint NOT NULL DEFAULT 0, "conversation_id" uuid NOT NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "participants_conversations_conversation" FOREIGN KEY ("conversation_id") REFERENCES "conversations" ("id") ON DELETE CASCADE, CONSTRAINT "participants_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE);
-- create index "participant_conversation_id_user_id" to table: "participants"
CREATE UNIQUE INDEX "participant_conversation_id_user_id" ON "participants" ("conversation_id", "user_id");
-- create index "participant_user_id_position" to table: "participants"
CREATE INDEX "participant_user_id_position" ON "participants" ("user_id", "position");
-- create "tokens" table
CREATE TABLE "tokens" ("id" uuid NOT NULL, "kind" character varying NOT NULL, "hash" bytea NOT NULL, "created_at" timestamptz(3) NOT NULL, "expires_at" timestamptz(3) NOT NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "tokens_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON DELETE CASCADE);
-- create index "tokens_hash_key" to table: "tokens"
CREATE UNIQUE INDEX "tokens_hash_key" ON "tokens" ("hash");
-- create index "token_user_id" to table: "tokens"
CREATE INDEX "token_user_id" ON "tokens" ("user_id");
-- create index "token_expires_at" to table: "tokens"
CREATE INDEX "token_expires_at" ON "tokens" ("expires_at");

-- +goose Down
-- reverse: create index "token_expires_at" to table: "tokens"
DROP INDEX "token_expires_at";
-- reverse: create index "token_user_id" to table: "tokens"
DROP INDEX "token_user_id";
-- reverse: create index "tokens_hash_key" to table: "tokens"
DROP INDEX "tokens_hash_key";
-- reverse: create "tokens" table
DROP TABLE "tokens";
-- reverse: create index "participant_user_id_position" to table: "participants"
DROP INDEX "participant_user_id_position";
-- reverse: create index "participant_conversation_id_user_id" to table: "participants"
DROP INDEX "participant_conversation_id_user_id";
-- reverse: create "participants" table
DROP TABLE "participants";
-- reverse: create index "notification_subject_id" to table: "notifications"
DROP INDEX "notification_subject_id";
-- reverse: create index "notification_unread" to table: "notifications"
DROP INDEX "notification_unread";
-- reverse: create index "notification_unseen" to table: "notifications"
DROP INDEX "notification_unseen";
-- reverse: create index "notification_user_id_position" to table: "notifications"
DROP INDEX "notification_user_id_position";
-- reverse: create index "notification_user_id_group_key" to table: "notifications"
DROP INDEX "notification_user_id_group_key";
-- reverse: create "notifications" table
DROP TABLE "notifications";
-- reverse: create index "note_sender_id_idempotency_key" to table: "notes"
DROP INDEX "note_sender_id_idempotency_key";
-- reverse: create index "note_sender_id_position" to table: "notes"
DROP INDEX "note_sender_id_position";
-- reverse: create index "note_conversation_id_seq" to table: "notes"
DROP INDEX "note_conversation_id_seq";
-- reverse: create "notes" table
DROP TABLE "notes";
-- reverse: create index "conversations_pair_key" to table: "conversations"
DROP INDEX "conversations_pair_key";
-- reverse: create "conversations" table
DROP TABLE "conversations";
-- reverse: create index "like_user_id" to table: "likes"
DROP INDEX "like_user_id";
-- reverse: create index "like_subject_id_user_id" to table: "likes"
DROP INDEX "like_subject_id_user_id";
-- reverse: create "likes" table
DROP TABLE "likes";
-- reverse: create index "comment_author_id_idempotency_key" to table: "comments"
DROP INDEX "comment_author_id_idempotency_key";
-- reverse: create index "comment_parent_id_position" to table: "comments"
DROP INDEX "comment_parent_id_position";
-- reverse: create index "comment_post_id_position" to table: "comments"
DROP INDEX "comment_post_id_position";
-- reverse: create "comments" table
DROP TABLE "comments";
-- reverse: create index "post_author_id_idempotency_key" to table: "posts"
DROP INDEX "post_author_id_idempotency_key";
-- reverse: create index "post_author_id_id" to table: "posts"
DROP INDEX "post_author_id_id";
-- reverse: create "posts" table
DROP TABLE "posts";
-- reverse: create index "users_username_key" to table: "users"
DROP INDEX "users_username_key";
-- reverse: create "users" table
DROP TABLE "users";
