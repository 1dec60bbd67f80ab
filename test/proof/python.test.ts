// A verifier in Python, written from the specifications, accepts our proofs and refuses what we
// refuse.
import { describe, expect, it } from 'vitest'
import { signCheckpoint } from '../../src/proof/checkpoint.ts'
import { inclusionPath, rootAt } from '../../src/proof/merkleProofs.ts'
import { generatePrivateKey, readPrivateKey, readVerifierKey } from '../../src/proof/noteKeys.ts'
import { signNote } from '../../src/proof/signedNote.ts'
import { formatTlogProof, verifyTlogProof } from '../../src/proof/tlogProof.ts'
import { askPython, withoutPython } from '../support/pythonVerifier.ts'
import { leafHashes, TileStore } from '../support/tileStore.ts'

const ORIGIN = 'jobs.example/ledger'
const signer = readPrivateKey(generatePrivateKey(ORIGIN))
const other = readPrivateKey(generatePrivateKey('other.example'))
const store = TileStore.ofSize(600)
const leaves = leafHashes(0, 600)

interface Case {
  readonly proof: string
  readonly leafHash: Buffer
  readonly vkey: string
  readonly origin: string
}

async function proofOf(index: number, size: number): Promise<Case> {
  const root = await rootAt(size, store.hashes(size))
  const proof = formatTlogProof({
    index,
    path: await inclusionPath(index, size, store.hashes(size)),
    checkpoint: signCheckpoint({ origin: ORIGIN, size, root }, [other, signer]),
  })
  return { proof, leafHash: leaves[index] as Buffer, vkey: signer.verifierKey, origin: ORIGIN }
}

function python(cases: readonly Case[]): boolean[] {
  const questions = cases.map(({ leafHash, ...rest }) => ({
    ask: 'proof',
    leafHash: leafHash.toString('hex'),
    ...rest,
  }))
  return askPython(questions).map(({ error }) => error === undefined)
}

function accepts({ proof, leafHash, vkey, origin }: Case): boolean {
  try {
    verifyTlogProof(proof, { leafHash, verifiers: [readVerifierKey(vkey)], origin })
    return true
  } catch {
    return false
  }
}

describe.skipIf(withoutPython('the comparison of proofs with Python'))('Python', () => {
  it('accepts our proofs, and refuses each for another leaf', async () => {
    const places = [1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 600].flatMap((size) =>
      [0, 1, 6, 254, 255, 256, 511, size - 1].filter((index) => index < size).map((index) => ({ index, size })),
    )
    const cases = await Promise.all(places.map(({ index, size }) => proofOf(index, size)))
    expect(python(cases)).toEqual(cases.map(() => true))
    const others = cases.map((given, at) => ({ ...given, leafHash: leaves[(places[at]?.index ?? 0) + 1] as Buffer }))
    expect(python(others.filter(({ leafHash }) => leafHash !== undefined))).not.toContain(true)
  })

  it('refuses each bit flip that we refuse', async () => {
    const given = await proofOf(300, 600)
    // A flip in the signature by the unknown key changes nothing that is verified.
    const start = given.proof.indexOf('— other') - 1
    const end = given.proof.indexOf('\n', start + 1)
    const cases: Case[] = []
    for (let at = 0; at < given.proof.length; at += 1) {
      if (given.proof.charCodeAt(at) > 127) continue
      const flipped = String.fromCharCode(given.proof.charCodeAt(at) ^ (1 << (at % 7)))
      const isUnknown = at > start && at < end
      if (!isUnknown) cases.push({ ...given, proof: given.proof.slice(0, at) + flipped + given.proof.slice(at + 1) })
    }
    expect(cases.length).toBeGreaterThan(600)
    expect(cases.filter(accepts)).toEqual([])
    expect(python(cases)).not.toContain(true)
  })

  it('refuses malformed proofs, notes, keys and origins as we do', async () => {
    const given = await proofOf(300, 600)
    const another = await proofOf(300, 599)
    const noteOf = (text: string) => signNote(text, [signer])
    const [head = '', ...rest] = given.proof.split('\n\n')
    const lines = head.split('\n')
    const withHead = (changed: readonly string[]) => [changed.join('\n'), ...rest].join('\n\n')
    const withNote = (note: string) => `${head}\n\n${note}`
    const root = (await rootAt(600, store.hashes())).toString('base64')
    const valid: Case[] = [
      given,
      { ...given, vkey: other.verifierKey },
      { ...given, proof: withHead(lines.toSpliced(1, 0, 'extra bW9yZQ==')) },
      { ...given, proof: withNote(noteOf(`${ORIGIN}\n600\n${root}\n`)) },
      { ...given, proof: withNote(noteOf(`${ORIGIN}\n600\n${root}\nextension\n`)) },
    ]
    const proofs = [
      another.proof.replace('\n599\n', '\n600\n'),
      withHead(lines.slice(0, -1)),
      withHead(lines.toSpliced(2, 1)),
      withHead([...lines, lines.at(-1) as string]),
      withHead(lines.toSpliced(2, 2, lines[3] as string, lines[2] as string)),
      withHead(lines.with(1, 'index 0300')),
      withHead(lines.with(1, 'index 900')),
      withHead(lines.with(1, 'Index 300')),
      withHead(lines.with(0, 'c2sp.org/tlog-proof@v2')),
      withHead(lines.toSpliced(1, 0, 'extra ')),
      withHead(lines.with(2, 'AAAA')),
      `${given.proof}\n`,
      given.proof.trimEnd(),
      given.proof.replaceAll('\n', '\r\n'),
      withNote(signNote(`${ORIGIN}\n600\n${root}\n`, [other])),
      withNote(noteOf(`${ORIGIN}\n0600\n${root}\n`)),
      withNote(noteOf(`other\n600\n${root}\n`)),
      withNote(noteOf(`${ORIGIN}\n600\n${root}\n\n`)),
      withNote(noteOf(`${ORIGIN}\n600\n${root}A\n`)),
      withNote(noteOf(`${ORIGIN}\n600\n`)),
      withNote(noteOf(`${ORIGIN}\n300\n${root}\n`)),
    ]
    const invalid: Case[] = [
      ...proofs.map((proof) => ({ ...given, proof })),
      { ...given, origin: 'other.example' },
      { ...given, vkey: signer.verifierKey.replace(`${signer.id}+A`, `${signer.id}+B`) },
      { ...given, vkey: signer.verifierKey.replace('jobs', 'Jobs') },
      { ...given, vkey: signer.verifierKey.slice(0, -4) },
    ]
    expect(valid.map(accepts)).toEqual(valid.map(() => true))
    expect(python(valid)).toEqual(valid.map(() => true))
    expect(invalid.map(accepts)).toEqual(invalid.map(() => false))
    expect(python(invalid)).toEqual(invalid.map(() => false))
  })
})
