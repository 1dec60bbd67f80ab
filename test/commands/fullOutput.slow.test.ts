// Commands whose output cannot be written fail with a message.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { listApiKeys } from '../../src/access/apiKeys.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

vi.setConfig({ testTimeout: 120_000 })

const NOT_WRITTEN = 'The output could not be written: ENOSPC: no space left on device, write.'

const folder = temporaryDirectory('jobledger-output-')
let server: TestServer

beforeAll(async () => {
  mkdirSync(join(folder, 'files'))
  writeFileSync(join(folder, 'files', 'a'), 'a')
  server = await startTestServer()
})
afterEach(endPrograms)
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const environment = (): Record<string, string> => ({
  DATABASE_URL: server.databaseUrl,
  JOBLEDGER_URL: `${server.url}/graphql`,
})

function printTo(path: string, words: readonly string[]): Program {
  const file = openSync(path, 'w')
  const program = runProgram('src/cli.ts', environment(), words, { stdout: file })
  closeSync(file)
  return program
}

async function keyNamed(name: string) {
  return (await listApiKeys(server.ledger.prisma)).find((key) => key.name === name)
}

describe('on a full disk', () => {
  const help = ['--version', '--help', 'api-key --help', 'help run', 'run --help']
  it.each(['seed --add', 'rollup', 'rollup --rebuild', 'maintain --once', 'api-key list', 'demo', ...help])(
    '%s ends with exit code 1 and a sentence',
    async (command) => {
      const demo = ['demo', join(folder, 'files'), '--url', `${server.url}/graphql`]
      const program = printTo('/dev/full', command === 'demo' ? demo : command.split(' '))
      expect(await program.ended).toEqual({ code: 1, signal: null })
      expect(program.stderr()).toBe(`${NOT_WRITTEN}\n`)
    },
  )

  it.each(['--json', '--actor=tester'])('tail %s ends with exit code 1 at the first event', async (word) => {
    const program = printTo('/dev/full', ['tail', word])
    await eventually(async () => {
      await newJob(server.ledger)
      expect(program.process.exitCode).toBe(1)
    }, 30_000)
    await program.ended
    expect(program.stderr()).toBe(`${NOT_WRITTEN}\n`)
  })

  it('revokes the key that api-key create could not print', async () => {
    const program = printTo('/dev/full', ['api-key', 'create', 'unseen', '--roles', 'ADMIN'])
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toBe(
      `${NOT_WRITTEN} The key unseen was not shown, so it was revoked; create one with another name.\n`,
    )
    expect(await keyNamed('unseen')).toMatchObject({ revokedAt: expect.any(Date) })
  })
})

describe('without a reader', () => {
  const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

  /** Runs a program and discards its output, as Python with DEVNULL does. */
  async function outcomeOf(file: string, words: readonly string[]): Promise<{ code: number | null; stderr: string }> {
    const child = spawn(file, words, {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, ...environment() },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const [code] = await once(child, 'close')
    return { code, stderr }
  }

  /** Runs a command in a shell, with output redirection. */
  const inShell = (line: string) =>
    outcomeOf('bash', ['-o', 'pipefail', '-c', line.replace('jobledger', `"${process.execPath}" "${cli}"`)])

  it.each(['--version > /dev/null', '--help | true', 'rollup > /dev/null', 'rollup >&-', '--version > /dev/null 2>&1'])(
    '%s is intended, and succeeds',
    async (line) => {
      expect(await inShell(`jobledger ${line}`)).toEqual({ code: 0, stderr: '' })
    },
  )

  it.each(['--version', '--help', 'help run', 'api-key list', 'rollup', 'grants --api app'])(
    '%s succeeds for a program that discards its output',
    async (command) => {
      expect(await outcomeOf(process.execPath, [cli, ...command.split(' ')])).toEqual({ code: 0, stderr: '' })
    },
  )

  it.each([['>&-'], ['> /dev/null']])('api-key create %s creates no key', async (redirection) => {
    expect(await inShell(`jobledger api-key create nowhere --roles ADMIN ${redirection}`)).toEqual({
      code: 1,
      stderr: 'The key would be lost: standard output is closed or /dev/null.\n',
    })
    expect(await keyNamed('nowhere')).toBeUndefined()
  })

  it('revokes the key of api-key create', async () => {
    expect(await inShell('jobledger api-key create unread --roles ADMIN | true')).toEqual({
      code: 1,
      stderr:
        'The reader of standard output has closed. The key unread was not shown, so it was revoked; create one with another name.\n',
    })
    expect(await keyNamed('unread')).toMatchObject({ revokedAt: expect.any(Date) })
  })

  it('ends rollup and tail as usual', async () => {
    expect(await inShell('jobledger rollup | true')).toEqual({ code: 0, stderr: '' })
    const { latestEventCursor } = (await server.request<{ latestEventCursor: string }>('{ latestEventCursor }')).data
    const tail = inShell(`jobledger tail --after ${latestEventCursor} | head -n 1`)
    let isOver = false
    void tail.then(() => {
      isOver = true
    })
    await eventually(async () => {
      await newJob(server.ledger)
      expect(isOver).toBe(true)
    }, 30_000)
    expect(await tail).toEqual({ code: 0, stderr: '' })
  })
})
