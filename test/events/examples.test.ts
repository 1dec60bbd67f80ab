// The examples of docs/events.md are the files in examples/, and they work.
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { follow, type PageEvent } from '../../examples/browserEvents.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { jobIn, newJob } from '../support/factories.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
})

afterEach(endPrograms)

afterAll(() => server.close())

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const idsOf = (program: Program): string[] =>
  program
    .stdout()
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(0, 36))

it.each(['events', 'browserEvents'])('examples/%s.ts appears unchanged in the documentation', (name) => {
  const example = readFileSync(fileOf(`examples/${name}.ts`), 'utf8')
  expect(readFileSync(fileOf('docs/events.md'), 'utf8')).toContain(`\`\`\`ts\n${example}\`\`\``)
})

it('reports failed jobs and resumes at its checkpoint after a restart, in the TypeScript example', {
  timeout: 60_000,
}, async () => {
  const place = join(mkdtempSync(join(tmpdir(), 'jobledger-')), 'cursor')
  const start = async (): Promise<Program> =>
    runProgram('examples/events.ts', {
      JOBLEDGER_URL: `${server.url}/graphql`,
      JOBLEDGER_TOKEN: await tokenOf('ada', { roles: ['AUDITOR'] }),
      TSX_TSCONFIG_PATH: fileOf('examples/tsconfig.json'),
      CHECKPOINT_FILE: place,
    })
  const first = await start()
  await eventually(async () => {
    await jobIn(server.ledger, 'FAILED', { userId: 'first' })
    expect(first.stdout()).toMatch(/ of first failed/)
  })
  first.process.kill('SIGTERM')
  await first.ended
  const lastPrinted = idsOf(first).at(-1) as string
  const all = await server.ledger.prisma.job.findMany({ where: { state: 'FAILED' }, orderBy: { id: 'asc' } })
  const missed = await jobIn(server.ledger, 'FAILED', { userId: 'missed' })
  await jobIn(server.ledger, 'COMPLETED', { userId: 'missed' })
  const second = await start()
  await second.says(new RegExp(`${missed.id} of missed failed`))
  const rest = all.map(({ id }) => id).filter((id) => id > lastPrinted)
  // The program may have ended between a message and its checkpoint. Then it repeats the message.
  const repeated = idsOf(second).filter((id) => id <= lastPrinted)
  expect(repeated.length).toBeLessThanOrEqual(1)
  expect(idsOf(second)).toEqual([...repeated, ...rest, missed.id])
})

it('delivers every event, also after a broken connection, in the browser example', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const other = await startTestServer({ databaseUrl: server.databaseUrl, environment: PROTECTED })
  const events: PageEvent[] = []
  const following = follow({
    url: `${other.url}/graphql`,
    token: await tokenOf('ada', { roles: ['AUDITOR'] }),
    onEvent: (event) => events.push(event),
  })
  const before = await eventually(async () => {
    await newJob(server.ledger)
    expect(events.length).toBeGreaterThan(0)
    return events.length
  })
  await other.close()
  const { id } = await newJob(server.ledger)
  const port = new URL(other.url).port
  const again = await startTestServer({ databaseUrl: server.databaseUrl, environment: { ...PROTECTED, PORT: port } })
  await eventually(() => expect(events.at(-1)?.record.job.jobId).toBe(id))
  expect(events.length).toBeGreaterThan(before)
  expect(warn).toHaveBeenCalled()
  // It would follow for the rest of the process.
  warn.mockImplementation(() => expect.fail('over'))
  const over = expect(following).rejects.toThrow('over')
  await again.close()
  await over
})
