// Commands that lose the database connection between a commit and its confirmation: each explains
// what to do.
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { createApiKey, listApiKeys } from '../../src/access/apiKeys.ts'
import { expectedMessage } from '../../src/commands/expectedFailures.ts'
import { DatabaseUnavailableError, POOL_EXHAUSTED } from '../../src/database/retryableErrors.ts'
import { openTestLedger, type TestLedger } from '../support/factories.ts'
import { endPrograms, runProgram } from '../support/program.ts'

vi.setConfig({ testTimeout: 120_000 })

let ledger: TestLedger
let relay: { readonly server: Server; readonly url: string; losing: string }

beforeAll(async () => {
  ledger = await openTestLedger()
  relay = await startRelay(ledger.url)
})
afterEach(endPrograms)
afterAll(async () => {
  relay.server.close()
  await ledger.close()
})

/**
 * Forwards everything except responses to statements that contain `losing`; these break the
 * connection.
 */
async function startRelay(databaseUrl: string) {
  const target = new URL(databaseUrl)
  const started = { losing: 'nothing', url: '', server: createServer() }
  started.server.on('connection', (near) => {
    const far = connect(Number(target.port || 5432), target.hostname)
    let isLosing = false
    near.on('error', () => undefined).on('close', () => far.destroy())
    far.on('error', () => undefined).on('close', () => near.destroy())
    near.on('data', (bytes: Buffer) => {
      isLosing ||= bytes.includes(started.losing)
      far.write(bytes)
    })
    far.on('data', (bytes: Buffer) => {
      // ReadyForQuery: the commit is done.
      if (!isLosing) near.write(bytes)
      else if (bytes.subarray(-6, -1).equals(Buffer.from('Z\0\0\0\x05', 'latin1'))) near.destroy()
    })
  })
  await new Promise<void>((resolve) => void started.server.listen(0, '127.0.0.1', resolve))
  const url = new URL(databaseUrl)
  url.port = String((started.server.address() as AddressInfo).port)
  url.hostname = '127.0.0.1'
  started.url = url.href
  return started
}

async function run(losing: string, words: string[]) {
  relay.losing = losing
  const program = runProgram('src/cli.ts', { DATABASE_URL: relay.url }, words)
  const { code } = await program.ended
  return { code, stdout: program.stdout(), stderr: program.stderr() }
}

const named = async (name: string) => (await listApiKeys(ledger.prisma)).find((key) => key.name === name)
const LIST = '"jobledger api-key list" lists all keys and shows which are revoked.'

it('asks to repeat api-key revoke and how to check, and the second run finds the key revoked', async () => {
  await createApiKey(ledger.prisma, { name: 'leaked', roles: ['ADMIN'] })
  expect(await run('UPDATE api_keys', ['api-key', 'revoke', 'leaked'])).toEqual({
    code: 1,
    stdout: '',
    stderr: `The database did not confirm that the key leaked is revoked: it may still be accepted. Run "jobledger api-key revoke leaked" again. ${LIST}\n`,
  })
  const { revokedAt } = (await named('leaked')) ?? {}
  expect(revokedAt).toBeInstanceOf(Date)
  expect(await run('nothing', ['api-key', 'revoke', 'leaked'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`revoked at ${revokedAt?.toISOString()}`),
  })
})

it('reports in api-key create that the key was not shown, and what to do', async () => {
  expect(await run('INSERT INTO "public"."api_keys"', ['api-key', 'create', 'lost', '--roles', 'ADMIN'])).toEqual({
    code: 1,
    stdout: '',
    stderr: `The database did not confirm the key lost: it may have been created but was not shown. ${LIST} If it is listed, revoke it and create one with another name.\n`,
  })
  expect(await named('lost')).toMatchObject({ revokedAt: null })
})

it('asks to repeat other commands, not to repeat a request', async () => {
  expect(await run('jobledger.purge', ['purge', '--older-than', '1'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'The database did not confirm the last change: it may have been written or not. Run the command again.\n',
  })
})

it('asks to run a command again whose read lost the connection', async () => {
  expect(await run('FROM "public"."api_keys"', ['api-key', 'list'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'The database is unavailable. Run the command again later.\n',
  })
})

it('asks to run a command again that got no connection, although the API asks for the request', () => {
  const error = new DatabaseUnavailableError(POOL_EXHAUSTED)
  expect(error.message).toBe('All connections to the database are in use. Send the request again later.')
  expect(expectedMessage(error)).toBe('All connections to the database are in use. Run the command again later.')
})
