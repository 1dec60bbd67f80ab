// A program: writes schema.graphql as the code builds it. Run by `npm run codegen`; the server never reads that file.
import { writeFileSync } from 'node:fs'
import { printSchema } from 'graphql'
import { schema } from './schema.ts'

writeFileSync(new URL('schema.graphql', import.meta.url), `${printSchema(schema)}\n`)
