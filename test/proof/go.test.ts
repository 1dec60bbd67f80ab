// Go's sumdb/tlog and sumdb/note, which share no code with us, agree on trees, proofs, tiles and
// notes, and refuse what we refuse.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { consistencyPath, inclusionPath, rootAt } from '../../src/proof/merkleProofs.ts'
import { generatePrivateKey, readPrivateKey, readVerifierKey } from '../../src/proof/noteKeys.ts'
import { openNote, signNote } from '../../src/proof/signedNote.ts'
import { changedTiles, tilePath } from '../../src/proof/tiles.ts'
import { verifyConsistency, verifyInclusion } from '../../src/proof/verifyMerkle.ts'
import type { Answer, Question } from '../support/foreignProgram.ts'
import { GoTlog, withoutGo } from '../support/goTlog.ts'
import { leafHashes, TileStore } from '../support/tileStore.ts'

const SIZES = [1, 2, 3, 255, 256, 257, 511, 512, 513, 999, 1_000, 65_535, 65_536, 65_537]
const store = TileStore.ofSize(70_000)
const leaves = leafHashes(0, 70_000)
const base64 = (bytes: Buffer) => bytes.toString('base64')

describe.skipIf(withoutGo('the comparison of trees and proofs with Go'))('golang.org/x/mod', () => {
  let go: GoTlog
  beforeAll(() => {
    go = new GoTlog()
  }, 120_000)
  afterAll(() => go.remove())

  it('agrees on roots', async () => {
    const roots = await Promise.all(SIZES.map((size) => rootAt(size, store.hashes(size))))
    expect(go.results(SIZES.map((Size) => ({ Ask: 'root', Size })))).toEqual(roots.map(base64))
  })

  it('has the same inclusion proofs', async () => {
    const small = Array.from({ length: 70 }, (_, at) => at + 1)
    const cases = [
      ...small.flatMap((size) => small.slice(0, size).map((index) => ({ index: index - 1, size }))),
      ...SIZES.flatMap((size) => edges(size).map((index) => ({ index, size }))),
    ]
    const paths = await Promise.all(cases.map(({ index, size }) => inclusionPath(index, size, store.hashes(size))))
    const answers = go.results(cases.map(({ index, size }) => ({ Ask: 'inclusion', Size: size, Index: index })))
    expect(answers.map((path) => path ?? [])).toEqual(paths.map((path) => path.map(base64)))
  })

  it('has the same consistency proofs', async () => {
    const small = Array.from({ length: 70 }, (_, at) => at + 1)
    const cases = [
      ...small.flatMap((size) => small.slice(0, size).map((old) => ({ old, size }))),
      ...SIZES.flatMap((size) => edges(size).map((index) => ({ old: index + 1, size }))),
    ]
    const paths = await Promise.all(cases.map(({ old, size }) => consistencyPath(old, size, store.hashes(size))))
    const answers = go.results(cases.map(({ old, size }) => ({ Ask: 'consistency', Size: size, Old: old })))
    expect(answers.map((path) => path ?? [])).toEqual(paths.map((path) => path.map(base64)))
  })

  it('has the same tiles, except that its paths name the height', async () => {
    const tiles = changedTiles(0, 70_000)
    const contents = await store.read(tiles)
    const questions = tiles.map(({ level, index, width }) => ({
      Size: 70_000,
      Level: level,
      Index: index,
      Width: width,
    }))
    expect(go.results(questions.map((tile) => ({ Ask: 'tile', ...tile })))).toEqual(
      contents.map((hashes) => hashes && base64(hashes)),
    )
    const paths = go.results(questions.map((tile) => ({ Ask: 'path', ...tile })))
    expect(paths.map((path) => String(path).replace('tile/8/', 'tile/'))).toEqual(tiles.map(tilePath))
  })

  it('publishes the same tiles when the tree grows, and further widths of partial ones', () => {
    const growths = [0, 1, 255, 256, 300, 511, 512, 65_535].flatMap((old) =>
      [1, 256, 257, 512, 600, 65_536, 65_537].filter((size) => size > old).map((size) => ({ old, size })),
    )
    const answers = go.results(growths.map(({ old, size }) => ({ Ask: 'tiles', Size: size, Old: old })))
    for (const [at, { old, size }] of growths.entries()) {
      // Of each tile, Go lists every width up to the last one, also one that the old tree had.
      const last = new Map((answers[at] as string[]).map((path) => [path.replace(/\.p\/\d+$/, ''), path]))
      const ours = changedTiles(old, size).map((tile) => tilePath(tile).replace('tile/', 'tile/8/'))
      expect([...last.values()], `${old} to ${size}`).toEqual(expect.arrayContaining(ours))
    }
  })

  it('accepts our proofs and refuses each alteration of them that we refuse', async () => {
    const cases = SIZES.filter((size) => size > 2).flatMap((size) => edges(size).map((index) => ({ index, size })))
    const questions: Question[] = []
    const ours: boolean[] = []
    for (const { index, size } of cases) {
      const root = await rootAt(size, store.hashes(size))
      const hash = leaves[index] as Buffer
      const path = await inclusionPath(index, size, store.hashes(size))
      for (const [changed, at] of [
        ...alterations(path, size).map((path) => [path, index] as const),
        [path, index ^ 1] as const,
      ]) {
        ours.push(isAccepted(() => verifyInclusion({ index: at, size, leafHash: hash, root, path: changed })))
        questions.push({
          Ask: 'check inclusion',
          Number: size,
          Index: at,
          Root: base64(root),
          Hash: base64(hash),
          Path: changed.map(base64),
        })
      }
      const old = index + 1
      const oldRoot = await rootAt(old, store.hashes(old))
      for (const changed of alterations(await consistencyPath(old, size, store.hashes(size)), size)) {
        ours.push(isAccepted(() => verifyConsistency({ oldSize: old, oldRoot, size, root, path: changed })))
        questions.push({
          Ask: 'check consistency',
          Number: size,
          Old: old,
          Root: base64(root),
          Hash: base64(oldRoot),
          Path: changed.map(base64),
        })
      }
    }
    expect(go.ask(questions).map(({ error }) => error === undefined)).toEqual(ours)
    // The first of each is unchanged.
    expect(ours.filter(Boolean)).toHaveLength(2 * cases.length)
    expect(ours.length).toBeGreaterThan(20 * cases.length)
  })

  it('reads our keys and opens our notes, and we its', () => {
    const ours = readPrivateKey(generatePrivateKey('jobs.example/ledger'))
    const text = 'jobs.example/ledger\n7\nünïcode\n\n\n'
    const [pair] = go.results([{ Ask: 'generate', Name: 'go.example' }]) as [[string, string]]
    const [goPrivate, goPublic] = pair
    expect(readPrivateKey(goPrivate).verifierKey).toBe(goPublic)
    const privateKey = generatePrivateKey('jobs.example/other')
    const signed = go.results([
      { Ask: 'sign', Key: goPrivate, Text: text },
      { Ask: 'sign', Key: privateKey, Text: text },
      { Ask: 'open', Key: ours.verifierKey, Text: signNote(text, [ours]) },
      { Ask: 'open', Key: goPublic, Text: signNote(text, [ours, readPrivateKey(goPrivate)]) },
    ]) as string[]
    expect(openNote(signed[0] as string, [readVerifierKey(goPublic)]).text).toBe(text)
    // Ed25519 is deterministic.
    expect(signed[1]).toBe(signNote(text, [readPrivateKey(privateKey)]))
    expect(signed.slice(2)).toEqual([text, text])
  })

  it('refuses each note with a bit flipped, except in the bits that base64 does not use', () => {
    const ours = readPrivateKey(generatePrivateKey('a'))
    const note = signNote('Job ledger\n12\n', [ours])
    const flips = Array.from({ length: note.length * 7 }, (_, bit) => flippedText(note, bit))
    const answers = go.ask(flips.map((Text) => ({ Ask: 'open', Key: ours.verifierKey, Text })))
    const accepted = (answer: Answer) => answer.error === undefined
    const verifier = readVerifierKey(ours.verifierKey)
    for (const flip of flips)
      expect(
        isAccepted(() => openNote(flip, [verifier])),
        flip,
      ).toBe(false)
    const signature = (text: string) => Buffer.from(text.trim().split(' ').at(-1) ?? '', 'base64')
    for (const [at, flip] of flips.entries()) {
      if (accepted(answers[at] as Answer)) expect(signature(flip), flip).toEqual(signature(note))
    }
    expect(answers.filter(accepted).length).toBeLessThan(5)
  })

  it('finds the same names of keys valid', () => {
    const verified = signNote('text\n', [readPrivateKey(generatePrivateKey('a'))])
    const odd = Array.from({ length: 0x10_000 }, (_, code) => String.fromCodePoint(code)).filter((character) =>
      /[\p{Z}\p{Cc}\p{Cf}\p{White_Space}+]/u.test(character),
    )
    const signer = readPrivateKey(generatePrivateKey('b'))
    const names = [...odd.map((character) => `x${character}y`), 'x', 'ünï', '🜁', 'x/y', '—', '']
    // A signature by an unknown key must be passed over, but only if its line is valid.
    const notes = names.map((name) => `${signNote('text\n', [signer])}— ${name} ${verified.split(' ').at(-1)}`)
    const verifiers = [readVerifierKey(signer.verifierKey)]
    const ours = notes.map((note) => isAccepted(() => openNote(note, verifiers)))
    const answers = go.ask(notes.map((Text) => ({ Ask: 'open', Key: signer.verifierKey, Text })))
    expect(names.filter((_, at) => (answers[at]?.error === undefined) !== ours[at])).toEqual([])
    expect(ours.filter(Boolean).length).toBeGreaterThan(50)
    expect(ours.filter((accepted) => !accepted).length).toBeGreaterThan(50)
  })

  it('refuses keys with another id, name or type', () => {
    const privateKey = generatePrivateKey('jobs.example')
    const { verifierKey, id } = readPrivateKey(privateKey)
    const note = signNote('text\n', [readPrivateKey(privateKey)])
    const changes = [
      (key: string) => key.replace(id, '00000000'),
      (key: string) => key.replace('jobs', 'Jobs'),
      (key: string) => key.replace('jobs', 'jo bs'),
      (key: string) => key.replace(/\+A/, '+B'),
      (key: string) => key.slice(0, -4),
      (key: string) => key.replace(id, id.slice(1)),
    ]
    for (const change of changes) {
      expect(() => readVerifierKey(change(verifierKey))).toThrow()
      expect(() => readPrivateKey(change(privateKey))).toThrow()
    }
    const refused = go.ask(
      changes.flatMap((change) => [
        { Ask: 'open', Key: change(verifierKey), Text: note },
        { Ask: 'sign', Key: change(privateKey), Text: 'text\n' },
      ]),
    )
    expect(refused.every(({ error }) => error !== undefined)).toBe(true)
  })
})

/** Indexes at the edges of tiles and of the tree. */
function edges(size: number): number[] {
  const indexes = [0, 1, 2, 127, 254, 255, 256, 257, 511, 512, 998, 65_534, 65_535, 65_536, size - 1]
  return [...new Set(indexes)].filter((index) => index < size)
}

/** The path itself, then others: with each hash changed, missing, doubled or exchanged. */
function alterations(path: readonly Buffer[], seed: number): Buffer[][] {
  return [
    [...path],
    [...path, leaves[seed % 100] as Buffer],
    [leaves[seed % 100] as Buffer, ...path],
    ...path.flatMap((hash, at) => [
      path.with(at, Buffer.from(hash.map((byte, index) => (index === seed % 32 ? byte ^ 1 : byte)))),
      path.toSpliced(at, 1),
      path.toSpliced(at, 0, hash),
      ...(at > 0 ? [path.with(at, path[at - 1] as Buffer).with(at - 1, hash)] : []),
    ]),
  ]
}

/** The note with one bit of one character changed. */
function flippedText(note: string, bit: number): string {
  const at = Math.floor(bit / 7)
  return note.slice(0, at) + String.fromCharCode(note.charCodeAt(at) ^ (1 << (bit % 7))) + note.slice(at + 1)
}

function isAccepted(verify: () => unknown): boolean {
  try {
    verify()
    return true
  } catch {
    return false
  }
}
