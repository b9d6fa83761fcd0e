-- +goose Up
-- create "reports" table
CREATE TABLE "reports" ("id" uuid NOT NULL, "subject_kind" character varying NOT NULL, "subject_id" uuid NOT NULL, "reason" text NOT NULL, "evidence" text NOT NULL, "created_at" timestamptz(3) NOT NULL, "idempotency_key" text NULL, "input_hash" bytea NULL, "reporter_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "reports_users_reporter" FOREIGN KEY ("reporter_id") REFERENCES "users" ("id") ON DELETE SET NULL);
-- create index "report_subject_id" to table: "reports"
CREATE INDEX "report_subject_id" ON "reports" ("subject_id");
-- create index "report_reporter_id_idempotency_key" to table: "reports"
CREATE UNIQUE INDEX "report_reporter_id_idempotency_key" ON "reports" ("reporter_id", "idempotency_key") WHERE idempotency_key IS NOT NULL;

-- +goose Down
-- reverse: create index "report_reporter_id_idempotency_key" to table: "reports"
DROP INDEX "report_reporter_id_idempotency_key";
-- reverse: create index "report_subject_id" to table: "reports"
DROP INDEX "report_subject_id";
-- reverse: create "reports" table
DROP TABLE "reports";
