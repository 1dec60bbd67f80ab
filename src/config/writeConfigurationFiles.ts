// A program: writes docs/configuration.md and .env.example. Run by `npm run codegen`; the server
// never reads those files.
import { writeFileSync } from 'node:fs'
import { configurationPage, exampleFile } from './configurationFiles.ts'

writeFileSync(new URL('../../docs/configuration.md', import.meta.url), configurationPage())
writeFileSync(new URL('../../.env.example', import.meta.url), exampleFile())
