// Tokens that expire while a client runs: it uses the next one and loses nothing.
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createApiKey, revokeApiKey } from '../../src/access/apiKeys.ts'
import { followJobEvents, type JobEvent } from '../../src/client/followJobEvents.ts'
import { RequestRefusedError } from '../../src/worker/runWorker.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'
import { endpointOf, newGate, startWorker, stopWorkers, stored } from './startWorker.ts'

// A revoked key is refused within seconds, and processes are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const dir = temporaryDirectory('jobledger-tokens-')
let server: TestServer
let expired: string
beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
  expired = await tokenOf('w', { roles: ['WORKER'], claims: { exp: Math.floor(Date.now() / 1000) - 3600 } })
})
afterEach(async () => {
  await stopWorkers()
  await endPrograms()
})
afterAll(() => server.close())

const newToken = () => tokenOf('w', { roles: ['WORKER'] })

async function newKey(name: string): Promise<string> {
  return (await createApiKey(server.ledger.prisma, { name, roles: ['WORKER'] })).key
}

describe('a token that is a function', () => {
  it('is called again when the server refuses the result, and the running job is not lost', async () => {
    const job = await newJob(server.ledger)
    const gate = newGate()
    let current = await newToken()
    let calls = 0
    const worker = startWorker({
      url: endpointOf(server),
      leaseSeconds: 2,
      token: async () => {
        calls += 1
        const cached = current
        // Like a cache that refreshes after a caller found the token expired.
        if (current === expired) current = await newToken()
        return cached
      },
      handle: async () => {
        current = expired
        await gate.passed
        current = expired
        return 'done'
      },
    })
    await eventually(() => expect(worker.of('claimed')).toHaveLength(1))
    await eventually(() => expect(current).not.toBe(expired))
    gate.open()
    await eventually(async () => expect(await stored(server, job)).toMatchObject({ state: 'COMPLETED', attempt: 1 }))
    expect([worker.of('lost'), worker.of('serverUnavailable')]).toEqual([[], []])
    expect(calls).toBeGreaterThan(4)
    await worker.stop()
  })

  it('is called twice at most: a second refusal is final', async () => {
    let calls = 0
    const token = (): string => {
      calls += 1
      return expired
    }
    const worker = startWorker({ url: endpointOf(server), token, handle: async () => undefined })
    await expect(worker.done).rejects.toThrow(RequestRefusedError)
    expect(calls).toBe(2)
    calls = 0
    await expect(followJobEvents({ url: endpointOf(server), token }).next()).rejects.toThrow(RequestRefusedError)
    expect(calls).toBe(2)
    await expect(followJobEvents({ url: endpointOf(server), token: expired }).next()).rejects.toThrow('it has expired')
  })

  it('is retried while it fails', async () => {
    const job = await newJob(server.ledger)
    let isReady = false
    const token = async (): Promise<string> => {
      if (!isReady) throw new Error('the issuer is down')
      return newToken()
    }
    const worker = startWorker({ url: endpointOf(server), token, handle: async () => 'done' })
    await eventually(() => expect(worker.of('serverUnavailable')).toHaveLength(1))
    expect(String(worker.of('serverUnavailable')[0]?.error)).toContain('No token is available: the issuer is down.')
    isReady = true
    await eventually(async () => expect((await stored(server, job)).state).toBe('COMPLETED'))
    await worker.stop()
  })

  it('is called again if it never settles, which counts as an outage', async () => {
    const job = await newJob(server.ledger)
    const interruptions: Error[] = []
    let calls = 0
    const token = (): string | Promise<string> => {
      calls += 1
      return calls <= 2 ? new Promise<string>(() => undefined) : newToken()
    }
    const worker = startWorker({ url: endpointOf(server), token, handle: async () => 'done' })
    const stop = new AbortController()
    const onInterruption = (error: Error): void => void interruptions.push(error)
    const events = followJobEvents({ url: endpointOf(server), token, signal: stop.signal, onInterruption })
    const following = events.next()
    await eventually(async () => expect((await stored(server, job)).state).toBe('COMPLETED'), 60_000)
    await eventually(() => expect(interruptions).toHaveLength(1))
    for (const error of [interruptions[0], worker.of('serverUnavailable')[0]?.error])
      expect(String(error)).toContain('No token is available: the token function did not finish within 10 s.')
    stop.abort()
    await following
    await worker.stop()
  })

  it('keeps a subscriber connected when its credential expires', async () => {
    let current = await newKey('follower-1')
    const stop = new AbortController()
    const heard: JobEvent[] = []
    const interruptions: Error[] = []
    const follow = async (): Promise<void> => {
      const options = { url: endpointOf(server), token: () => current, signal: stop.signal }
      const onInterruption = (error: Error): void => void interruptions.push(error)
      for await (const event of followJobEvents({ ...options, onInterruption })) heard.push(event)
    }
    const following = follow()
    await eventually(async () => {
      await newJob(server.ledger)
      expect(heard.length).toBeGreaterThan(0)
    })
    current = await newKey('follower-2')
    const before = Date.now()
    await revokeApiKey(server.ledger, 'follower-1')
    await eventually(async () => {
      const { lastUsedAt } = await server.ledger.prisma.apiKey.findUniqueOrThrow({ where: { name: 'follower-2' } })
      expect(Number(lastUsedAt)).toBeGreaterThanOrEqual(before)
    }, 40_000)
    const { id } = await newJob(server.ledger)
    await eventually(() => expect(heard.map(({ record }) => record.job.jobId)).toContain(id))
    expect(interruptions).toEqual([])
    stop.abort()
    await following
  })
})

describe('JOBLEDGER_TOKEN_FILE', () => {
  it('is read again, so that `worker` completes its running job with the next token', async () => {
    const [file, script, going] = ['token', 'script.sh', 'going'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ]
    writeFileSync(script, `#!/bin/sh\nwhile ! [ -e ${going} ]; do sleep 0.1; done\n`)
    chmodSync(script, 0o700)
    writeFileSync(file, `${await newKey('file-1')}\n`)
    const job = await newJob(server.ledger, { preset: 'file' })
    const environment = { JOBLEDGER_URL: endpointOf(server), JOBLEDGER_TOKEN_FILE: file }
    const worker = runProgram('src/cli.ts', environment, [
      'worker',
      '--exec',
      script,
      '--lease',
      '3',
      '--preset',
      'file',
    ])
    await eventually(async () => expect((await stored(server, job)).state).toBe('PROCESSING'), 60_000)
    await revokeApiKey(server.ledger, 'file-1')
    writeFileSync(file, `${await newKey('file-2')}\n`)
    await eventually(async () => {
      const { lastUsedAt } = await server.ledger.prisma.apiKey.findUniqueOrThrow({ where: { name: 'file-2' } })
      expect(lastUsedAt).not.toBeNull()
    }, 30_000)
    writeFileSync(going, '')
    await eventually(
      async () => expect(await stored(server, job)).toMatchObject({ state: 'COMPLETED', attempt: 1 }),
      30_000,
    )
    worker.process.kill('SIGTERM')
    expect(await worker.ended).toEqual({ code: 0, signal: null })
  })

  it('stops a command at once if it is missing, but not a program that `run` starts', async () => {
    const missing = join(dir, 'missing')
    const environment = {
      JOBLEDGER_URL: endpointOf(server),
      JOBLEDGER_TOKEN_FILE: missing,
      JOBLEDGER_SPOOL: join(dir, 'spool'),
    }
    for (const words of [['tail'], ['worker', '--exec', 'true'], ['demo', dir]]) {
      const program = runProgram('src/cli.ts', environment, words)
      expect(await program.ended).toEqual({ code: 1, signal: null })
      expect(program.stderr()).toMatch(/^JOBLEDGER_TOKEN_FILE must be a file that can be read \(ENOENT: [^\n]+\)\.\n$/)
    }
    const run = runProgram('src/cli.ts', environment, ['run', '--', 'echo', 'ran'])
    expect(await run.ended).toEqual({ code: 0, signal: null })
    expect([run.stdout(), run.stderr()]).toEqual(['ran\n', expect.stringContaining('No token is available')])
  })

  it('excludes JOBLEDGER_TOKEN', async () => {
    const both = { JOBLEDGER_TOKEN: 'a', JOBLEDGER_TOKEN_FILE: 'b' }
    const tail = runProgram('src/cli.ts', both, ['tail'])
    expect(await tail.ended).toEqual({ code: 1, signal: null })
    expect(tail.stderr()).toBe('JOBLEDGER_TOKEN and JOBLEDGER_TOKEN_FILE exclude each other: set one of them.\n')
  })
})
