// Servers that seal are killed in the middle of it, while others write. What was published stays a
// part of the tree, and every record gets one leaf.
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/proof/checkpoint.ts'
import { leafHash } from '../../src/proof/merkleHash.ts'
import { generatePrivateKey, readPrivateKey, readVerifierKey } from '../../src/proof/noteKeys.ts'
import { EMPTY_EDGE, edgeRoot, growTiles } from '../../src/proof/tileTree.ts'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { leafData } from '../support/leafBytes.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { onServer } from '../support/testRun.ts'

const ORIGIN = 'example.com/killed'
const KILLS = 5

afterEach(endPrograms)

it('keeps one leaf for each record and every published checkpoint, whatever is killed', {
  timeout: 300_000,
}, async () => {
  const database = await createTestDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'jobledger-seal-'))
  const [keyFile, checkpointFile] = [join(folder, 'key'), join(folder, 'checkpoints')]
  const key = generatePrivateKey(ORIGIN)
  await writeFile(keyFile, `${key}\n`)
  const verifier = readVerifierKey(readPrivateKey(key).verifierKey)
  const environment = {
    DATABASE_URL: database.url,
    PORT: '0',
    NODE_ENV: 'production',
    AUTH: 'open',
    SEAL_KEY_FILE: keyFile,
    CHECKPOINT_FILE: checkpointFile,
    SEAL_INTERVAL_SECONDS: '1',
  }
  const write = (jobs: number) =>
    onServer(database.url, async (client) => {
      await client.query("INSERT INTO jobs (user_id, content) SELECT 'u', 'c' FROM generate_series(1, $1::integer)", [
        jobs,
      ])
      await client.query("UPDATE jobs SET state = 'PROCESSING' WHERE state = 'PENDING'")
    })
  const published = async () =>
    (await readFile(checkpointFile, 'utf8').catch(() => '')).split(/(?<=\n— [^\n]+\n)\n/).filter((note) => note !== '')
  try {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const server = runProgram('src/cli.ts', environment, ['start'])
      await server.says(/"msg":"acquired seal lock"/)
      const writing = write(3000)
      await sleep(Math.random() * 1500)
      server.process.kill('SIGKILL')
      await Promise.all([writing, server.ended])
    }
    runProgram('src/cli.ts', environment, ['start'])
    const leaves = (await onServer(database.url, leafData)).map(leafHash)
    expect(leaves).toHaveLength(KILLS * 6000)
    const sizeOf = (note: string | undefined) =>
      note === undefined ? 0 : openCheckpoint(note, [verifier], ORIGIN).size
    await eventually(async () => expect(sizeOf((await published()).at(-1))).toBe(leaves.length), 60_000)
    let edge = EMPTY_EDGE
    for (const note of await published()) {
      const { size, root } = openCheckpoint(note, [verifier], ORIGIN)
      edge = growTiles(edge, leaves.slice(edge.size, size)).edge
      expect(edgeRoot(edge).equals(root), `checkpoint of ${size} leaves`).toBe(true)
    }
  } finally {
    await endPrograms()
    await database.drop()
  }
})
