-- Records that a sink has refused for good, such as one that is too large for Pub/Sub. They are set aside, so that the records after
-- them are published. Without a reference to the record: the trace stays when the job is purged.
CREATE TABLE "refused_records" (
  "follower" TEXT NOT NULL,
  "job_id" UUID NOT NULL,
  "sequence" INTEGER NOT NULL,
  "reason" TEXT NOT NULL,
  "refused_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "pk_refused_records" PRIMARY KEY ("follower", "job_id", "sequence"),
  CONSTRAINT "fk_refused_records_follower" FOREIGN KEY ("follower") REFERENCES "followers"("name") ON DELETE CASCADE ON UPDATE CASCADE
);

INSERT INTO "compatible_migrations" ("name") VALUES ('20261127000050_refused_records');
