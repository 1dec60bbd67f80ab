// A program that fails, and names the files, if committed generated files are out of date.
import { existsSync, readFileSync } from 'node:fs'
import { generate } from '@graphql-codegen/cli'
import config from '../../codegen.ts'
import { configurationPage, exampleFile } from '../../src/config/configurationFiles.ts'
import { schemaText } from '../../src/graphql/schemaText.ts'

const documents = (await generate({ ...config, silent: true }, false)) as { filename: string; content: string }[]
const files = [
  { filename: 'src/graphql/schema.graphql', content: schemaText() },
  { filename: 'docs/configuration.md', content: configurationPage() },
  { filename: '.env.example', content: exampleFile() },
  ...documents,
]
const stale = files.filter(
  ({ filename, content }) => !existsSync(filename) || readFileSync(filename, 'utf8') !== content,
)
if (stale.length > 0) {
  console.error(
    `Not up to date: ${stale.map(({ filename }) => filename).join(', ')}. Run npm run codegen and commit the result.`,
  )
  process.exitCode = 1
}
