#!/bin/bash
# PostgreSQL 15 to 18 (here 17.5, as the npm package @electric-sql/pglite 0.3.14): the text of a
# CHECK with BETWEEN changes when a dump is restored, once.
#
# pg_get_constraintdef() prints SQL that recreates the constraint, and pg_dump writes it into the
# dump. One expects a database made from that SQL to print the same. But BETWEEN is stored as an AND
# inside of the outer AND, and printed with parentheses of its own; the parser flattens such an AND
# when it reads the text again. So a program that compares the definitions of a restored database
# with those of the original reports a difference, though both mean the same. From the second
# restore on the text stays. Written as >= AND <=, it is the same from the beginning.
#
# Observed:
#   BETWEEN:   CHECK ((((a >= 1) AND (a <= 9)) AND (b > 0))), recreated from that text:
#              CHECK (((a >= 1) AND (a <= 9) AND (b > 0)))
#   >= AND <=: CHECK (((a >= 1) AND (a <= 9) AND (b > 0))), both times
#
# Exits non-zero if the behavior changes.
set -u
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder" || exit 2
npm init -y >/dev/null && npm install --silent --no-audit --no-fund @electric-sql/pglite@0.3.14 >/dev/null || exit 2
cat >program.mjs <<'JS'
import { PGlite } from '@electric-sql/pglite'
const database = new PGlite()
console.log((await database.query('SELECT version()')).rows[0].version.split(' on ')[0])
/** The text of a constraint that is created from `definition`. */
async function printed(definition) {
  await database.exec(`CREATE TABLE t (a integer, b integer, CONSTRAINT c ${definition})`)
  const { rows } = await database.query("SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE conname = 'c'")
  await database.exec('DROP TABLE t')
  return rows[0].text
}
const flat = 'CHECK (((a >= 1) AND (a <= 9) AND (b > 0)))'
const cases = {
  'CHECK (a BETWEEN 1 AND 9 AND b > 0)': ['CHECK ((((a >= 1) AND (a <= 9)) AND (b > 0)))', flat, flat],
  'CHECK (a >= 1 AND a <= 9 AND b > 0)': [flat, flat, flat],
}
let changed = false
for (const [written, expected] of Object.entries(cases)) {
  let text = written
  console.log(written)
  for (const one of expected) {
    text = await printed(text)
    console.log(`  -> ${text}`)
    changed ||= text !== one
  }
}
console.log(changed ? 'Changed.' : 'As described.')
process.exit(changed ? 1 : 0)
JS
node program.mjs
