// A monitor in Python follows a log over HTTP by the layout of tlog-tiles, and notices each change
// of its history.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { signCheckpoint } from '../../src/proof/checkpoint.ts'
import { generatePrivateKey, readPrivateKey } from '../../src/proof/noteKeys.ts'
import { parseTilePath } from '../../src/proof/tiles.ts'
import { edgeRoot } from '../../src/proof/tileTree.ts'
import { withoutPython } from '../support/pythonVerifier.ts'
import { leafHashes, TileStore } from '../support/tileStore.ts'

vi.setConfig({ testTimeout: 180_000 })

const MONITOR = join(import.meta.dirname, 'foreign/monitor.py')
const ORIGIN = 'jobs.example/ledger'
const signer = readPrivateKey(generatePrivateKey(ORIGIN))
const other = readPrivateKey(generatePrivateKey(ORIGIN))

/** What the server of the log shows. */
let log: { tiles: TileStore; checkpoint: string }
/** The paths of the tiles that the monitor read. */
let read: string[] = []
let server: Server
let url: string
const folder = mkdtempSync(join(tmpdir(), 'jobledger-monitor-'))
const file = join(folder, 'checkpoint')

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const path = (request.url ?? '').slice(1)
    if (path === 'checkpoint') return void response.end(log.checkpoint)
    read.push(path)
    const tile = parseTilePath(path)
    const [hashes] = await log.tiles.read([tile])
    response.end(hashes?.subarray(0, tile.width * 32))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  read = []
})
afterEach(() => rmSync(file, { force: true }))
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function show(tiles: TileStore, { origin = ORIGIN, key = signer } = {}): void {
  const checkpoint = signCheckpoint({ origin, size: tiles.edge.size, root: edgeRoot(tiles.edge) }, [key])
  log = { tiles, checkpoint }
}

function monitor(from = url): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(
      'python3',
      ['-B', MONITOR, from, signer.verifierKey, file],
      { env: { ...process.env, no_proxy: '*' } },
      (error, output) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, output: output.trim() }),
    )
  })
}

/** A log whose leaf 5 is another one. */
function rewritten(size: number): TileStore {
  const tiles = new TileStore()
  tiles.append(leafHashes(0, size).with(5, leafHashes(size, size + 1)[0] as Buffer))
  return tiles
}

describe.skipIf(withoutPython('the monitor'))('a monitor', () => {
  it('accepts every growth of a log, and reads a few tiles for it', async () => {
    const tiles = new TileStore()
    for (const size of [0, 1, 255, 256, 300, 65_537, 70_000]) {
      tiles.append(leafHashes(tiles.edge.size, size))
      show(tiles)
      read = []
      expect(await monitor()).toEqual({ code: 0, output: `intact: ${size} leaves` })
      expect(readFileSync(file, 'utf8')).toBe(log.checkpoint)
      expect(read.length).toBeLessThanOrEqual(6)
    }
    expect(await monitor()).toEqual({ code: 0, output: 'intact: 70000 leaves' })
  })

  it('notices a restored backup', async () => {
    show(TileStore.ofSize(300))
    await monitor()
    const kept = log.checkpoint
    show(TileStore.ofSize(299))
    expect(await monitor()).toEqual({ code: 1, output: 'BROKEN: the ledger went back from 300 to 299 leaves' })
    expect(readFileSync(file, 'utf8')).toBe(kept)
  })

  it('notices a history that was rewritten and signed again with the same key', async () => {
    show(TileStore.ofSize(300))
    await monitor()
    const kept = log.checkpoint
    show(rewritten(300))
    expect(await monitor()).toEqual({ code: 1, output: 'BROKEN: two roots of 300 leaves' })
    for (const size of [301, 512]) {
      show(rewritten(size))
      const output = `BROKEN: the ${size} leaves do not begin with the 300 of the last checkpoint`
      expect(await monitor()).toEqual({ code: 1, output })
      // The tiles of the true history do not help.
      log = { ...log, tiles: TileStore.ofSize(size) }
      expect(await monitor()).toEqual({ code: 1, output })
    }
    expect(readFileSync(file, 'utf8')).toBe(kept)
  })

  it('notices another key and another origin', async () => {
    show(TileStore.ofSize(300), { key: other })
    expect(await monitor()).toEqual({ code: 1, output: 'BROKEN: no signature by the key' })
    show(TileStore.ofSize(300), { origin: 'jobs.example/copy' })
    expect(await monitor()).toEqual({ code: 1, output: 'BROKEN: another origin' })
    expect(existsSync(file)).toBe(false)
  })

  it('does not accuse a server that does not respond', async () => {
    expect(await monitor('http://127.0.0.1:1')).toMatchObject({
      code: 2,
      output: expect.stringMatching(/^not known: /),
    })
  })
})
