#!/bin/sh
# Creates the roles of the ledger in a new database: one that owns the tables and migrates, and one
# for the server. The image of PostgreSQL runs it when it creates the database. For an existing
# database run it yourself; it can run repeatedly:
#   docker compose exec db sh /docker-entrypoint-initdb.d/roles.sh
set -eu
psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set owner_password="$OWNER_PASSWORD" --set api_password="$API_PASSWORD" <<'SQL'
SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['jobledger_owner', 'jobledger_api']) AS name
WHERE to_regrole(name) IS NULL \gexec
ALTER ROLE jobledger_owner LOGIN PASSWORD :'owner_password';
ALTER ROLE jobledger_api LOGIN PASSWORD :'api_password';
SELECT format('ALTER DATABASE %I OWNER TO jobledger_owner', current_database()) \gexec
SQL
