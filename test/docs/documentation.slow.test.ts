// Every command and GraphQL document of README and docs/ works as described: run in a shell, in the
// order of the page, on a fresh ledger for each page. A fresh checkout is started once and copied.
// The ledger is in the embedded PostgreSQL, as for a reader, or else on TEST_DATABASE_URL.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { type CodeBlock, codeBlocks, commandsOf, pathOf } from './codeBlocks.ts'
import { Reader } from './reader.ts'
import { type Own, TREATMENTS, type Treatment, typed } from './treatments.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const PAGES = [
  'README.md',
  ...readdirSync(pathOf('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const START = 'npm ci && npm start'

interface Step {
  readonly title: string
  readonly isSkipped: boolean
  run(reader: Reader, own: Own): Promise<void>
}

let started: Reader
let ledger: TestDatabase | undefined
let apiKey: string

beforeAll(async () => {
  started = await Reader.open()
  if (process.env.TEST_DATABASE_URL) ledger = await createTestDatabase()
  useLedger(started, ledger)
  await runCommand(started, START, treatmentOf(START))
  apiKey = await apiKeyOf(started)
  await started.stop()
})

afterAll(async () => {
  await started?.close()
  await ledger?.drop()
})

const WITH_STEPS = PAGES.map((page) => ({ page, steps: stepsOf(page) })).filter(({ steps }) => steps.length > 0)

describe.each(WITH_STEPS)('$page', ({ steps }) => {
  let reader: Reader
  let database: TestDatabase
  let copy: TestDatabase | undefined
  let own: Own

  beforeAll(async () => {
    if (steps.every(({ isSkipped }) => isSkipped)) return
    reader = await Reader.openCopy(started)
    if (ledger) copy = await createTestDatabase({ copyOf: ledger })
    useLedger(reader, copy)
    database = await createTestDatabase({ empty: true })
    await runCommand(reader, START, treatmentOf(START))
    own = { ...theirOwn(reader), databaseUrl: database.url, apiKey }
    const { latestEventCursor } = await reader.ask<{ latestEventCursor: string }>('{ latestEventCursor }')
    Object.assign(reader.environment, { KEY: apiKey, KEY_OF_A_USER: apiKey, CURSOR: latestEventCursor })
  })

  afterAll(async () => {
    await reader?.close()
    await database?.drop()
    await copy?.drop()
  })

  for (const step of steps) it(step.title, () => step.run(reader, own))
})

/** Without a database, the commands of the page use the embedded one. */
function useLedger({ environment }: Reader, database: TestDatabase | undefined): void {
  if (database) Object.assign(environment, { DATABASE_URL: database.url, AUTH: 'open' })
}

function stepsOf(page: string): Step[] {
  const blocks = codeBlocks(page)
  return blocks.flatMap((block, index) => {
    if (block.language === 'graphql') return [documentStep(page, block)]
    if (block.language !== 'sh' && block.language !== 'cron') return []
    return commandsOf(block).map((command) => commandStep(`${page}:${command.line}`, command.text, blocks[index + 1]))
  })
}

function commandStep(place: string, command: string, next: CodeBlock | undefined): Step {
  const treatment = treatmentOf(command)
  return {
    title: `${place} ${command.split('\n')[0]}${treatment.skip ? ` (${treatment.skip})` : ''}`,
    isSkipped: treatment.skip !== undefined,
    async run(reader, own) {
      if (treatment.skip?.startsWith('needs')) console.warn(`!!! SKIPPED: ${place}, which ${treatment.skip}.`)
      if (treatment.skip) return
      // On every page, it has run since before the first step.
      if (command.startsWith(START)) return void (await reader.ask('{ __typename }'))
      const output = await runCommand(reader, typed(command, own), treatment)
      if (next?.language === 'json' && command.startsWith('curl')) {
        expect(shapeOf(JSON.parse(output))).toEqual(shapeOf(JSON.parse(next.text.replaceAll('\n', ''))))
      }
    },
  }
}

function documentStep(page: string, { line, text }: CodeBlock): Step {
  return {
    title: `${page}:${line} ${text.split('\n')[0]}`,
    isSkipped: false,
    run: async (reader) => void (await reader.ask(text)),
  }
}

function treatmentOf(command: string): Treatment {
  return TREATMENTS.find(({ match }) => match.test(command)) ?? { match: /./ }
}

async function runCommand(reader: Reader, command: string, treatment: Treatment): Promise<string> {
  const { until, meanwhile, stays } = treatment
  if (until === undefined) {
    const { code, output } = await reader.run(command)
    expect(code, output).toBe(0)
    return curlOutput(output)
  }
  const stop = await reader.start(
    command.replace(/^npm ci && /, ''),
    until,
    meanwhile && (() => happen(reader, meanwhile)),
  )
  return stays ? '' : (await stop()).output
}

/** Removes the progress output of curl. */
const curlOutput = (output: string): string => output.slice(Math.max(0, output.indexOf('{')))

async function happen(reader: Reader, what: Treatment['meanwhile']): Promise<void> {
  const { createJob } = await reader.ask<{ createJob: { job: { jobId: string } } }>(
    'mutation { createJob(input: { content: "x", preset: "thumbnails", userId: "ada" }) { ... on CreateJobSuccess { job { jobId } } } }',
  )
  if (what === 'a job is created') return
  const { jobId } = createJob.job
  await reader.ask(`mutation {
    transitionJob(input: { jobId: "${jobId}", to: PROCESSING }) { __typename }
    failJob(input: { jobId: "${jobId}", errorMessage: "no disk" }) { __typename }
  }`)
}

function theirOwn(reader: Reader): Omit<Own, 'databaseUrl' | 'apiKey'> {
  const folder = join(reader.checkout, 'home', 'files')
  mkdirSync(folder)
  for (const name of ['a.txt', 'b.txt', 'c.txt']) writeFileSync(join(folder, name), name)
  const program = join(reader.checkout, 'home', 'program.sh')
  writeFileSync(program, '#!/bin/sh\necho done\n', { mode: 0o755 })
  return { endpoint: reader.endpoint, checkout: reader.checkout, folder, program }
}

async function apiKeyOf(reader: Reader): Promise<string> {
  const { output } = await reader.run('npm run --silent api-key -- create reader --roles ADMIN 2>/dev/null')
  return output.trim()
}

/** The names of all fields by depth: values differ between readers. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]))
}
