// Checkpoints and proofs as texts.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from '../../src/proof/checkpoint.ts'
import { EMPTY_ROOT } from '../../src/proof/merkleHash.ts'
import { inclusionPath } from '../../src/proof/merkleProofs.ts'
import { generatePrivateKey, readPrivateKey, readVerifierKey } from '../../src/proof/noteKeys.ts'
import { edgeRoot } from '../../src/proof/tileTree.ts'
import { formatTlogProof, parseTlogProof, verifyTlogProof } from '../../src/proof/tlogProof.ts'
import { leafHashes, TileStore } from '../support/tileStore.ts'

const ORIGIN = 'jobs.example/ledger'
const signer = readPrivateKey(generatePrivateKey(ORIGIN))
const verifiers = [readVerifierKey(signer.verifierKey)]
const root = Buffer.alloc(32, 5)
const ROOT = root.toString('base64')

describe('a checkpoint', () => {
  it('is its origin, its size, its root and its extensions, a line each', () => {
    const checkpoint = { origin: ORIGIN, size: 20_852_163, root, extensions: ['more', 'and more'] }
    const text = `${ORIGIN}\n20852163\n${ROOT}\nmore\nand more\n`
    expect(formatCheckpoint(checkpoint)).toBe(text)
    expect(parseCheckpoint(text)).toEqual(checkpoint)
    expect(parseCheckpoint(`o\n0\n${EMPTY_ROOT.toString('base64')}\n`)).toMatchObject({ size: 0, extensions: [] })
  })

  it.each([
    ['', 'three complete lines'],
    [`o\n1\n${ROOT}`, 'three complete lines'],
    ['o\n1\n', 'three complete lines'],
    ['o\n1\n\n', 'The root of a checkpoint must have 32 bytes.'],
    [`\n1\n${ROOT}\n`, 'lines that are not empty'],
    [`o\n1\n${ROOT}\n\n`, 'lines that are not empty'],
    [`o\n1\n${ROOT}\n\nx\n`, 'lines that are not empty'],
    [`o\n01\n${ROOT}\n`, 'without leading zeros'],
    [`o\n+1\n${ROOT}\n`, 'without leading zeros'],
    [`o\n1 \n${ROOT}\n`, 'without leading zeros'],
    [`o\n1e3\n${ROOT}\n`, 'without leading zeros'],
    [`o\n-1\n${ROOT}\n`, 'without leading zeros'],
    [`o\n٣\n${ROOT}\n`, 'without leading zeros'],
    [`o\n9007199254740992\n${ROOT}\n`, 'an integer from 0 to 9007199254740991'],
    [`o\n1\n${ROOT.slice(0, -1)}\n`, 'not valid base64'],
    [`o\n1\n${ROOT.replace('U=', 'V=')}\n`, 'not valid base64'],
    [`o\n1\n${ROOT}AAAA\n`, 'not valid base64'],
    [`o\n0\n${ROOT}\n`, 'The root of an empty tree is another hash.'],
  ])('is refused when malformed: %j', (text, message) => {
    expect(() => parseCheckpoint(text)).toThrow(message)
  })

  it('is verified by key and by origin', () => {
    const note = signCheckpoint({ origin: ORIGIN, size: 7, root }, [signer])
    expect(openCheckpoint(note, verifiers, ORIGIN)).toEqual({ origin: ORIGIN, size: 7, root, extensions: [] })
    expect(() => openCheckpoint(note, verifiers, 'jobs.example/other')).toThrow(
      'The checkpoint is of "jobs.example/ledger", not of "jobs.example/other".',
    )
    expect(() => openCheckpoint(note.replace('\n7\n', '\n8\n'), verifiers, ORIGIN)).toThrow('is invalid')
  })

  it('is not signed for an origin of two lines or of control characters', () => {
    expect(() => signCheckpoint({ origin: 'a\nb', size: 7, root }, [signer])).toThrow('lines that are not empty')
    expect(() => signCheckpoint({ origin: 'a\rb', size: 7, root }, [signer])).toThrow('control characters')
    expect(() => signCheckpoint({ origin: ORIGIN, size: 7, root: root.subarray(1) }, [signer])).toThrow('32 bytes')
  })
})

describe('a proof', () => {
  const store = TileStore.ofSize(1_000)
  const checkpoint = signCheckpoint({ origin: ORIGIN, size: 1_000, root: edgeRoot(store.edge) }, [signer])
  const proofOf = async (index: number) =>
    formatTlogProof({ index, path: await inclusionPath(index, 1_000, store.hashes()), checkpoint })
  const expected = (index: number) => ({
    leafHash: leafHashes(index, index + 1)[0] as Buffer,
    verifiers,
    origin: ORIGIN,
  })

  it('proves each leaf with a key alone', async () => {
    for (const index of [0, 1, 255, 256, 511, 512, 999]) {
      const proof = await proofOf(index)
      expect(verifyTlogProof(proof, expected(index))).toMatchObject({ origin: ORIGIN, size: 1_000 })
      expect(verifyTlogProof(Buffer.from(proof), expected(index)).root).toEqual(edgeRoot(store.edge))
      expect(() => verifyTlogProof(proof, expected(index + 1))).toThrow('leads to another root')
      expect(() => verifyTlogProof(proof, { ...expected(index), origin: 'x' })).toThrow('not of "x"')
    }
  })

  it('has the lines of the specification, and comes back from them', async () => {
    const path = await inclusionPath(9, 1_000, store.hashes())
    const proof = { index: 9, path, checkpoint, extra: Buffer.from('more') }
    const text = formatTlogProof(proof)
    const lines = path.map((hash) => `${hash.toString('base64')}\n`).join('')
    expect(text).toBe(`c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex 9\n${lines}\n${checkpoint}`)
    expect(parseTlogProof(text)).toEqual(proof)
    expect(parseTlogProof(await proofOf(9))).toEqual({ index: 9, path, checkpoint })
    verifyTlogProof(text, expected(9))
  })

  it('proves the only leaf of a log with no hashes', () => {
    const [leaf] = leafHashes(4, 5) as [Buffer]
    const note = signCheckpoint({ origin: ORIGIN, size: 1, root: leaf }, [signer])
    verifyTlogProof(formatTlogProof({ index: 0, path: [], checkpoint: note }), expected(4))
  })

  it('is refused with any bit flipped', async () => {
    const bytes = Buffer.from(await proofOf(700))
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(() => verifyTlogProof(copy, expected(700))).toThrow()
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['', 'must begin with a line'],
    ['c2sp.org/tlog-proof@v2\nindex 0\n\n', 'must begin with a line'],
    ['\n\nc2sp.org/tlog-proof@v1\nindex 0\n\n', 'must begin with a line'],
    ['c2sp.org/tlog-proof@v1\nindex 0\n', 'must begin with a line'],
    ['c2sp.org/tlog-proof@v1\n\n', 'must have a line "index N"'],
    ['c2sp.org/tlog-proof@v1\nindex 00\n\n', 'must have a line "index N"'],
    ['c2sp.org/tlog-proof@v1\nindex -1\n\n', 'must have a line "index N"'],
    ['c2sp.org/tlog-proof@v1\nindex 0 \n\n', 'must have a line "index N"'],
    ['c2sp.org/tlog-proof@v1\nindex 9007199254740992\n\n', 'must have a line "index N"'],
    ['c2sp.org/tlog-proof@v1\nextra\nindex 0\n\n', 'must have a line "index N"'],
    ['c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\n', 'not valid base64'],
    ['c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n', 'must not be empty'],
    ['c2sp.org/tlog-proof@v1\nextra A\nindex 0\n\n', 'not valid base64'],
    ['c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n', 'must have 32 bytes (got 3)'],
    [`c2sp.org/tlog-proof@v1\nindex 0\n${ROOT}\r\n\n`, 'not valid base64'],
    [`c2sp.org/tlog-proof@v1\nindex 0\n${`${ROOT}\n`.repeat(64)}\n`, 'at most 63 hashes'],
  ])('is refused when malformed: %j', (text, message) => {
    expect(() => parseTlogProof(text)).toThrow(message)
  })
})
