#!/bin/bash
# PostgreSQL 15 to 18 (here 17.5, as the npm package @electric-sql/pglite 0.3.14): CREATE FUNCTION
# ... SET custom.name = 'x' needs a superuser, although every role may SET the same parameter.
#
# A parameter with a dot that no extension has defined is a placeholder, and any role may set it:
# SET my.flag = 'on', or set_config(). One expects the same of the SET clause of a function, which
# sets the parameter during a call, and of ALTER ROLE ... SET. Both are refused for a role that is
# not a superuser: 42501, permission denied to set parameter "my.flag", even if the parameter was
# set in the session before. The same clause with a built-in parameter is allowed. So a migration
# that works for the superuser of a test database fails for the owner of a production database.
# Calling set_config(name, value, true) in the body works for both.
#
# Runs as a role that owns its schema. Exits non-zero if the behavior changes.
set -u
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder" || exit 2
npm init -y >/dev/null && npm install --silent --no-audit --no-fund @electric-sql/pglite@0.3.14 >/dev/null || exit 2
cat >program.mjs <<'JS'
import { PGlite } from '@electric-sql/pglite'
const database = new PGlite()
const outcome = (sql) => database.query(sql).then(() => 'done', (error) => `${error.code} ${error.message}`)
console.log((await database.query('SELECT version()')).rows[0].version.split(' on ')[0])
await database.exec('CREATE ROLE app; CREATE SCHEMA app AUTHORIZATION app; SET ROLE app; SET search_path = app')
const body = `RETURNS integer LANGUAGE sql AS 'SELECT 1'`
const statements = {
  "SET my.flag = 'on'": 'done',
  "SELECT set_config('my.flag', 'on', true)": 'done',
  [`CREATE FUNCTION f() ${body.replace('AS', "SET work_mem = '8MB' AS")}`]: 'done',
  [`CREATE FUNCTION g() ${body.replace('AS', "SET my.flag = 'on' AS")}`]: '42501 permission denied to set parameter "my.flag"',
  "ALTER ROLE app SET my.flag = 'on'": '42501 permission denied to set parameter "my.flag"',
}
let changed = false
for (const [sql, expected] of Object.entries(statements)) {
  const observed = await outcome(sql)
  console.log(`${sql}\n  -> ${observed}`)
  changed ||= observed !== expected
}
console.log(changed ? 'Changed.' : 'As described.')
process.exit(changed ? 1 : 0)
JS
node program.mjs
