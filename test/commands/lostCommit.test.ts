// Commands whose connection to the database breaks between a commit and its confirmation: each says what to do now.
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { createApiKey, listApiKeys } from '../../src/access/apiKeys.ts'
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

/** Passes everything on but the answers to a statement that holds `losing`: with them the connection breaks. */
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
      // ReadyForQuery: it is committed.
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
const LIST = '"jobledger api-key list" shows which keys there are, and which are revoked.'

it('api-key revoke says to run it again and how to look, and the second run finds the key revoked', async () => {
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
    stdout: expect.stringContaining(`revoked since ${revokedAt?.toISOString()}`),
  })
})

it('api-key create says that the key was not shown, and what to do with it', async () => {
  expect(await run('INSERT INTO "public"."api_keys"', ['api-key', 'create', 'lost', '--roles', 'ADMIN'])).toEqual({
    code: 1,
    stdout: '',
    stderr: `The database did not confirm the key lost: it may have been created, and was not shown. ${LIST} If it is there, revoke it and create one with another name.\n`,
  })
  expect(await named('lost')).toMatchObject({ revokedAt: null })
})

it('other commands say to run them again, not to send a request again', async () => {
  expect(await run('jobledger.purge', ['purge', '--older-than', '1'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'The database did not confirm the last change: it may have been written or not. Run the command again.\n',
  })
})
