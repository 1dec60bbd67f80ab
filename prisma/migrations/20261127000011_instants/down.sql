ALTER TABLE "maintenance_tasks" DROP CONSTRAINT "ck_maintenance_tasks_instants_have_four_digit_years";
ALTER TABLE "followers" DROP CONSTRAINT "ck_followers_instants_have_four_digit_years";
ALTER TABLE "api_keys" DROP CONSTRAINT "ck_api_keys_instants_have_four_digit_years";
ALTER TABLE "jobs" DROP CONSTRAINT "ck_jobs_instants_have_four_digit_years";
