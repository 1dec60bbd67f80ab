// Keys and signed notes, with the example of the specification, and what must be refused.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generatePrivateKey, readPrivateKey, readVerifierKey } from '../../src/proof/noteKeys.ts'
import { isKeyName } from '../../src/proof/noteText.ts'
import { openNote, signNote } from '../../src/proof/signedNote.ts'

/** The example of C2SP signed-note. */
const EXAMPLE_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const EXAMPLE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`

/** The keys of the tests of golang.org/x/mod/sumdb/note. */
const PETER = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const PETER_PUBLIC = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'

const signer = readPrivateKey(PETER)
const verifier = readVerifierKey(PETER_PUBLIC)
const other = readPrivateKey(generatePrivateKey('example.com/other'))

describe('keys', () => {
  it('have the public key and the id that Go derives', () => {
    expect(signer).toMatchObject({ name: 'PeterNeumann', id: 'c74f20a3', verifierKey: PETER_PUBLIC })
    expect(verifier).toMatchObject({ name: 'PeterNeumann', id: 'c74f20a3' })
  })

  it('are generated for a name, each another one', () => {
    const keys = ['a', 'a', 'jobs.example/ledger'].map(generatePrivateKey)
    expect(new Set(keys).size).toBe(3)
    for (const key of keys) {
      const made = readPrivateKey(key)
      const note = signNote('text\n', [made])
      expect(openNote(note, [readVerifierKey(made.verifierKey)]).verified).toMatchObject([{ id: made.id }])
    }
  })

  it.each(['', 'a b', 'a+b', 'a\u00a0b', 'a\u2003b', 'a\u0085', 'a\nb', 'a\tb', 'a\u0000', '\ud800'])(
    'refuse the name %j',
    (name) => {
      expect(isKeyName(name)).toBe(false)
      expect(() => generatePrivateKey(name)).toThrow('The name of a key must not be empty')
    },
  )

  it.each([
    ['', 'NAME+ID+KEY'],
    ['PeterNeumann+c74f20a3', 'NAME+ID+KEY'],
    [PETER_PUBLIC.replace('c74f', 'C74F'), 'does not match its name and id'],
    [PETER_PUBLIC.replace('c74f', 'c74e'), 'does not match its name and id'],
    [PETER_PUBLIC.replace('Peter', 'Pieter'), 'does not match its name and id'],
    [PETER_PUBLIC.replace('ARpc', 'ARpd'), 'does not match its name and id'],
    [PETER_PUBLIC.replace('ARpc', 'Ahpc'), 'must be an Ed25519 key'],
    [PETER_PUBLIC.replace('ARpc', 'BBpc'), 'must be an Ed25519 key'],
    [PETER_PUBLIC.slice(0, -4), 'must have 32 bytes'],
    [`${PETER_PUBLIC}AAAA`, 'must have 32 bytes'],
    [PETER_PUBLIC.replace('/LDE', '_LDE'), 'is not valid base64'],
    [`${PETER_PUBLIC}\n`, 'is not valid base64'],
    [` ${PETER_PUBLIC}`, 'must not contain spaces'],
  ])('refuse the verifier key %j', (text, message) => {
    expect(() => readVerifierKey(text)).toThrow(message)
  })

  it.each([
    PETER.replace('PRIVATE', 'PUBLIC'),
    PETER.replace('c74f', 'c74e'),
    PETER.replace('AYEK', 'AYEL'),
    PETER.replace('AYEK', 'AoEK'),
    PETER.slice(0, -4),
    PETER.slice(0, -1),
    PETER_PUBLIC,
    '',
  ])('refuse the private key %#, and do not repeat it', (text) => {
    expect(() => readPrivateKey(text)).toThrow(/private key/)
    expect(() => readPrivateKey(text)).not.toThrow(/AYEK|AoEK|FALV/)
  })
})

describe('a signed note', () => {
  it('of the specification is verified', () => {
    const opened = openNote(EXAMPLE, [readVerifierKey(EXAMPLE_KEY)])
    expect(opened.text).toBe('This is an example message.\n')
    expect(opened.verified).toMatchObject([{ name: 'example.com/foo', id: '530d903a' }])
    expect(openNote(Buffer.from(EXAMPLE), [readVerifierKey(EXAMPLE_KEY)])).toEqual(opened)
  })

  it.each(['text\n', '\n', 'two\n\nparts\n\n\n', 'ünïcode 🜁\n', '— not a signature\n\n— x y\n'])(
    'keeps the text %j',
    (text) => {
      expect(openNote(signNote(text, [signer]), [verifier]).text).toBe(text)
    },
  )

  it('passes over signatures by unknown keys, and keeps them', () => {
    const note = signNote('text\n', [other, signer])
    const opened = openNote(note, [verifier])
    expect(opened.verified.map(({ name }) => name)).toEqual(['PeterNeumann'])
    expect(opened.unknown.map(({ name }) => name)).toEqual(['example.com/other'])
    // The name of a known key with another id, and the other way round.
    const renamed = note.replace('— example.com/other', '— PeterNeumann')
    expect(openNote(renamed, [verifier]).unknown).toHaveLength(1)
    const sameId = note.replace(/— example.com\/other .*/, `— someone ${note.split(' ').at(-1)?.trim()}`)
    expect(openNote(sameId, [verifier]).unknown).toHaveLength(1)
  })

  it('counts a repeated signature once', () => {
    const note = signNote('text\n', [signer, signer])
    expect(openNote(note, [verifier]).verified).toHaveLength(1)
  })

  it('is refused if a signature by a known key is invalid, even beside a valid one', () => {
    const note = signNote('text\n', [other, signer])
    const forged = signNote('other text\n', [other]).split('\n').at(-2)
    const keys = [verifier, readVerifierKey(other.verifierKey)]
    expect(openNote(note, keys).verified).toHaveLength(2)
    expect(() => openNote(note.replace(/— example.*/, `${forged}`), keys)).toThrow(
      'The signature by example.com/other is invalid.',
    )
    expect(() => openNote(`${note}${forged}\n`, keys)).toThrow('The signature by example.com/other is invalid.')
  })

  it('is refused without a signature by a known key', () => {
    const note = signNote('text\n', [other])
    expect(() => openNote(note, [verifier])).toThrow('The note is not signed by PeterNeumann+c74f20a3.')
    expect(() => openNote(note, [])).toThrow('The note is not signed by a known key.')
  })

  it('is refused with any bit flipped', () => {
    const bytes = Buffer.from(signNote('Job ledger\n12\n', [signer]))
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const copy = Buffer.from(bytes)
        copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(() => openNote(copy, [verifier])).toThrow()
      }),
      { numRuns: 500 },
    )
  })

  const line = (signNote('text\n', [signer]).split('\n').at(-2) ?? '') as string
  it.each([
    ['', 'must end with an empty line'],
    ['text\n', 'must end with an empty line'],
    ['text\n\n', 'must end with an empty line'],
    [`text\n\n${line}`, 'must end with an empty line'],
    [`text\n${line}\n`, 'must end with an empty line'],
    [`text\n\n${line}\n\n`, 'must end with an empty line'],
    [`text\n\n${line}\ntext\n`, 'malformed'],
    [`text\n\n${line} \n`, 'not valid base64'],
    [`text\n\n${line.replace('— ', '- ')}\n`, 'malformed'],
    [`text\n\n${line.replace('— ', '—  ')}\n`, 'malformed'],
    [`text\n\n${line}\n— someone AAAAAA==\n`, 'malformed'],
    [`text\n\n${line}\n— some+one AAAAAAAA\n`, 'malformed'],
    [`text\n\n${line}\n— some\u2003one AAAAAAAA\n`, 'malformed'],
    [`text\n\n${line}\n— someone AAAAAA\n`, 'not valid base64'],
    [`text\n\n${line}\n— someone AAAAAAB=\n`, 'not valid base64'],
    [`text\n\n${line}\n— someone AAAA-AAA\n`, 'not valid base64'],
    [`te\rxt\n\n${line}\n`, 'control characters'],
    [`te\txt\n\n${line}\n`, 'control characters'],
    [`te\ud800xt\n\n${line}\n`, 'control characters'],
    [`text\r\n\r\n${line}\r\n`, 'control characters'],
    [Buffer.concat([Buffer.of(0xff), Buffer.from(`text\n\n${line}\n`)]), 'not valid UTF-8'],
    [`text\n\n${`${line}\n`.repeat(101)}`, 'at most 100 signatures (got 101)'],
    [`${'x'.repeat(1_000_000)}\n\n${line}\n`, 'at most 1000000 bytes'],
    [`\ufefftext\n\n${line}\n`, 'The signature by PeterNeumann is invalid.'],
  ])('is refused when malformed (%#)', (note, message) => {
    expect(() => openNote(note, [verifier])).toThrow(message)
  })

  it('is not signed for another text than its readers see', () => {
    expect(() => signNote('text', [signer])).toThrow('must end with a newline')
    expect(() => signNote('te\rxt\n', [signer])).toThrow('control characters')
    expect(() => signNote('text\n', [])).toThrow('A note must have a signature.')
  })
})
