// The demo on a real folder, as a process with its own server.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { demo } from '../../src/commands/demo.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { run } from '../support/prismaCli.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const FILES = 205
const ODD = ['name with spaces', 'línea\nnueva', '"quoted"', '-dash', 'sub/deep/file']

let server: TestServer
let folder: string

beforeAll(async () => {
  server = await startTestServer()
  folder = await mkdtemp(join(tmpdir(), 'jobledger-demo-'))
  await mkdir(join(folder, 'sub/deep'), { recursive: true })
  for (let file = 0; file < FILES; file += 1) await writeFile(join(folder, `file-${file}`), `content ${file}`)
  for (const name of ODD) await writeFile(join(folder, name), name)
  // No user can read these, and opening the pipe must not block.
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  // A cycle.
  await symlink(folder, join(folder, 'sub/loop'))
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const words = (...args: string[]): string[] => ['dist/cli.js', 'demo', ...args]

describe('the demo', () => {
  it('authenticates, waits when it is rate limited, and creates its own jobs', async () => {
    const environment = { ...PROTECTED, RATE_LIMIT_PER_SECOND: '2', RATE_LIMIT_BURST: '3' }
    const careful = await startTestServer({ environment })
    const place = await mkdtemp(join(tmpdir(), 'jobledger-demo-'))
    await writeFile(join(place, 'one'), 'one')
    const asked = [place, { url: `${careful.url}/graphql` }] as const
    await expect(demo(...asked)).rejects.toThrow(
      /^The server refused: A credential is required.* No credential is set: set JOBLEDGER_TOKEN to a token or an API key, or JOBLEDGER_TOKEN_FILE to/,
    )
    for (const [roles, sentence] of [
      [
        ['USER'],
        'user:grace may not start, complete, fail and release jobs: `jobledger demo` needs one of the roles WORKER, ADMIN for that; the credential has USER.',
      ],
      [
        ['WORKER'],
        'user:grace may not create jobs: `jobledger demo` needs one of the roles USER, ADMIN for that; the credential has WORKER.',
      ],
    ] as const) {
      vi.stubEnv('JOBLEDGER_TOKEN', await tokenOf('grace', { roles }))
      await expect(demo(...asked)).rejects.toThrow(`${sentence} The credential was read from JOBLEDGER_TOKEN.`)
    }
    expect(await careful.ledger.prisma.job.count()).toBe(0)
    vi.stubEnv('JOBLEDGER_TOKEN', await tokenOf('grace', { roles: ['USER', 'WORKER'] }))
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    vi.spyOn(console, 'table').mockImplementation(() => undefined)
    await demo(...asked)
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
    const jobs = await careful.ledger.prisma.job.findMany()
    expect(jobs).toMatchObject([{ userId: 'grace', content: 'one', state: 'COMPLETED', stateActor: 'user:grace' }])
    await careful.close()
    await rm(place, { recursive: true })
  })

  it('creates one job for each file, with its hash, and fails those of unreadable files', async () => {
    const { code, said } = await run(words(folder, '--url', `${server.url}/graphql`, '--user', 'ada'), '')
    expect([code, said]).toEqual([
      0,
      expect.stringContaining(`${FILES + ODD.length + 2} of ${FILES + ODD.length + 2} files`),
    ])
    expect(said).toMatch(new RegExp(`COMPLETED +${FILES + ODD.length}\\n`))
    expect(said).toMatch(/FAILED +2\n/)
    expect(said).toMatch(/PROCESSING +FAILED/)
    const jobs = await server.ledger.prisma.job.findMany({
      include: { result: true, states: { orderBy: { sequence: 'asc' } } },
    })
    expect(jobs).toHaveLength(FILES + ODD.length + 2)
    for (const { content, state, userId, result, states } of jobs) {
      const readable = content !== 'dangling' && content !== 'pipe'
      const text = content.startsWith('file-') ? content.replace('file-', 'content ') : content
      expect(states.map(({ newState }) => newState)).toEqual([
        'PENDING',
        'PROCESSING',
        readable ? 'COMPLETED' : 'FAILED',
      ])
      expect([state, userId]).toEqual([readable ? 'COMPLETED' : 'FAILED', 'ada'])
      expect(result?.output).toEqual(
        readable ? { sha256: createHash('sha256').update(text).digest('hex'), bytes: Buffer.byteLength(text) } : null,
      )
    }
    expect(jobs.find(({ content }) => content === 'pipe')?.result?.errorMessage).toBe('It is not a regular file.')
  })

  it.each([
    [
      'no server',
      () => [folder, '--url', 'http://127.0.0.1:1/graphql'],
      /^No response from http:\/\/127\.0\.0\.1:1\/graphql .*(jobledger|npm run) start/,
    ],
    [
      'no folder',
      () => [join(folder, 'none'), '--url', `${server.url}/graphql`],
      /^The folder .*none cannot be read: ENOENT/,
    ],
  ])('says in one sentence that there is %s', async (_, args, sentence) => {
    const { code, said } = await run(words(...args()), '')
    expect([code, said.trim()]).toEqual([1, expect.stringMatching(sentence)])
    expect(said.trim()).not.toContain('\n')
  })

  it('refuses an empty folder, and accepts a partly unreadable one', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const options = { url: `${server.url}/graphql`, user: 'brandt' }
    const empty = join(folder, 'empty')
    await mkdir(empty)
    await expect(demo(empty, options)).rejects.toThrow(`The folder ${empty} contains no files.`)
    await symlink('nowhere', join(empty, 'dangling'))
    await writeFile(join(empty, 'readable'), 'text')
    await demo(empty, options)
    const states = await server.ledger.prisma.job.findMany({ where: { userId: 'brandt' }, orderBy: { content: 'asc' } })
    expect(states.map(({ content, state }) => [content, state])).toEqual([
      ['dangling', 'FAILED'],
      ['readable', 'COMPLETED'],
    ])
    expect(log.mock.calls.flat().join('\n')).toContain('The full history of job')
    log.mockRestore()
  })
})
