// A program: writes schema.graphql. `npm run codegen` runs it; the server does not read that file.
import { writeFileSync } from 'node:fs'
import { schemaText } from './schemaText.ts'

writeFileSync(new URL('schema.graphql', import.meta.url), schemaText())
