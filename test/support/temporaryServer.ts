// An embedded PostgreSQL in a temporary directory. It is fast because its data need not survive a
// crash. Its files are removed afterwards, also if root runs it as a user without access to the
// directories of root.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { dataPaths } from '../../src/database/embedded/dataPaths.ts'
import { signalPostmaster } from '../../src/database/embedded/postmaster.ts'
import { identify, isAlive } from '../../src/database/embedded/processIdentity.ts'
import { readPostmasterFile } from '../../src/database/embedded/runningServer.ts'
import { startEmbedded } from '../../src/database/embedded/startEmbedded.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

export interface TemporaryServer {
  readonly url: string
  readonly dir: string
  stop(options: { keepFiles: boolean }): Promise<void>
  /** Stops it synchronously, for a process that is exiting. */
  destroyAtExit(): void
}

const DISPOSABLE = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  // Otherwise LOCK TABLE ... ACCESS EXCLUSIVE takes a transaction id, for standbys. An open
  // transaction with an id holds back the events of every database of the server.
  wal_level: 'minimal',
  max_wal_senders: '0',
}

export async function startTemporaryServer(): Promise<TemporaryServer> {
  const dir = temporaryDirectory('jobledger-test-')
  const destroyAtExit = (): void => destroy(dir)
  process.once('exit', destroyAtExit)
  const server = await startEmbedded({
    dataDir: dir,
    systemDir: join(dir, 'system'),
    settings: DISPOSABLE,
    log: { info: () => undefined, warn: console.warn },
  }).catch((error: unknown) => {
    destroy(dir)
    throw error
  })
  process.off('exit', destroyAtExit)
  return {
    url: server.url,
    dir,
    destroyAtExit,
    async stop({ keepFiles }) {
      await server.stop()
      if (!keepFiles) rmSync(dir, { recursive: true, force: true })
    },
  }
}

function destroy(dir: string): void {
  const pid = readPostmasterFile(dataPaths(dir))?.pid
  const server = pid === undefined ? undefined : identify(pid)
  if (server !== undefined) signalPostmaster(server, 'SIGQUIT')
  const clock = new Int32Array(new SharedArrayBuffer(4))
  for (let waits = 0; waits < 200 && server !== undefined && isAlive(server); waits += 1) {
    Atomics.wait(clock, 0, 0, 25)
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
}
