// The text that `jobledger run` records: the command line as content, and the tail of the output.
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OutputTail } from '../../src/commands/program/outputTail.ts'
import { commandLine } from '../../src/commands/run/commandLine.ts'

const MEBIBYTE = 1024 * 1024

/** The words into which a shell splits a line. */
function wordsIn(line: string, shell: string): string[] {
  const output = execFileSync(shell, ['-c', `printf '%s\\0' ${line}`], {
    encoding: 'utf8',
    // Without a parent shell, bash reads the user's startup files.
    env: { LC_ALL: 'C.UTF-8', SHLVL: '2' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return output.split('\0').slice(0, -1)
}

describe('the command line as content', () => {
  it.each([
    [['backup', '--to=/srv/a', 'user@host:x', 'A=b'], 'backup --to=/srv/a user@host:x A=b'],
    [['FOO=bar', ''], "'FOO=bar' ''"],
    [['sh', '-c', "echo 'a'\n\tb"], "sh -c 'echo '\\''a'\\''\n\tb'"],
    [['~', '*', '$HOME', '#x', '!!', '\\'], "'~' '*' '$HOME' '#x' '!!' '\\'"],
    [['\u001b[1m7\u007f', "\r'\\"], "$'\\033[1m7\\177' $'\\015\\'\\\\'"],
    [['größe', '日本'], "'größe' '日本'"],
  ])('of %j can be pasted: %s', (words, line) => {
    expect(commandLine(words)).toBe(line)
  })

  it('is split into the same words by a shell', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\0'))
    const control = fc.string({ unit: fc.constantFrom(...'a\u0001\u001b\r7\'\\$`"\n\t'), maxLength: 12 })
    const words = fc.array(fc.oneof(word, control), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(words, (all) => {
        // Of the available shells, only bash certainly supports $'...', which is for control
        // characters.
        const plain = all.filter((text) =>
          [...text].every((one) => (one >= ' ' && one !== '\x7f') || one === '\n' || one === '\t'),
        )
        if (plain.length > 0) expect(wordsIn(commandLine(plain), 'sh')).toEqual(plain)
        expect(wordsIn(commandLine(all), 'bash')).toEqual(all)
      }),
      { numRuns: 25 },
    )
  })

  it('is truncated with a note at the limit of the server', () => {
    const fits = commandLine(['echo', 'x'.repeat(MEBIBYTE - 5)])
    expect([fits.length, fits.at(-1)]).toEqual([MEBIBYTE, 'x'])
    for (const shift of ['', 'x', 'xx', 'xxx']) {
      const line = commandLine(['echo', `${shift}${'😀'.repeat(MEBIBYTE / 4)}`])
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MEBIBYTE)
      expect(Buffer.byteLength(line)).toBeGreaterThan(MEBIBYTE - 4)
      expect([line.isWellFormed(), line]).toEqual([
        true,
        expect.stringMatching(/😀 \.\.\. \(cut: the command line is \d+ bytes long\)$/u),
      ])
    }
  })
})

describe('the tail of an output', () => {
  it('consists of the last characters, regardless of chunks', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.string({ unit: 'grapheme' }).map((text) => Buffer.from(text)),
      ),
    )
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 50 }), (chunks, most) => {
        const tail = new OutputTail(most)
        for (const chunk of chunks) tail.add(Buffer.from(chunk))
        const all = Buffer.concat(chunks)
        const text = tail.text()
        expect(text.isWellFormed() && !text.includes('\0')).toBe(true)
        // At most the rest of one character is missing.
        const [shortest, longest] = [all.subarray(-Math.max(most - 3, 0) || all.length), all.subarray(-most)]
        expect(decoded(longest).endsWith(text)).toBe(true)
        expect(text.length).toBeGreaterThanOrEqual(most > 3 ? decoded(shortest).length - 3 : 0)
      }),
    )
  })

  it.each([
    ['ab€', 4, 'b€'],
    ['ab€', 3, '€'],
    ['ab€', 2, ''],
    ['a€', 4, 'a€'],
    ['x😀y', 4, 'y'],
    ['\0\0\0', 2, '\uFFFD\uFFFD'],
    ['\uFEFFa', 9, '\uFEFFa'],
  ])('of %j with %i bytes is %j', (text, most, expected) => {
    const tail = new OutputTail(most)
    for (const byte of Buffer.from(text)) tail.add(Buffer.of(byte))
    expect(tail.text()).toBe(expected)
  })

  it('keeps bytes that are invalid UTF-8', () => {
    const tail = new OutputTail(10)
    tail.add(Buffer.from([0x80, 0x80, 0x61, 0xff]))
    expect(tail.text()).toBe('\uFFFD\uFFFDa\uFFFD')
  })

  it('does not keep a reference to its chunks', () => {
    const tail = new OutputTail(1000)
    for (let written = 0; written < 1000; written += 1) tail.add(Buffer.alloc(10_000, 'x'))
    const { arrayBuffers } = process.memoryUsage()
    expect(tail.text()).toHaveLength(1000)
    expect(arrayBuffers).toBeLessThan(200 * MEBIBYTE)
  })
})

function decoded(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).replaceAll('\0', '\uFFFD')
}
