DROP TABLE "refused_records";
