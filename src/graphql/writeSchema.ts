// A program: writes schema.graphql. `npm run codegen` runs it; the server does not read that file.
import { writeFileSync } from 'node:fs'
import { printSchema } from 'graphql'
import { schema } from './schema.ts'

writeFileSync(new URL('schema.graphql', import.meta.url), `${printSchema(schema)}\n`)
