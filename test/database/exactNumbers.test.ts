// Numbers in JSON are marked when they are read and written unchanged: any JSON equals that of
// PostgreSQL.
import fc from 'fast-check'
import type pg from 'pg'
import { describe, expect, it } from 'vitest'
import { withExactNumbers, writeJson } from '../../src/database/rows/exactNumbers.ts'

const JSONB = 3802

/** Reads and writes a JSON column. */
function readAndWrite(json: string): string {
  const statement = { text: '', types: { getTypeParser: () => JSON.parse } } as unknown as pg.QueryConfig
  const read = withExactNumbers(statement) as { types: { getTypeParser(type: number): (json: string) => object } }
  return writeJson(read.types.getTypeParser(JSONB)(json))
}

/** A number as jsonb prints it, which a JavaScript number may or may not represent. */
const number = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.integer({ min: 0, max: 30 }))
  .map(([isNegative, digits, decimals]) => {
    const text = String(digits).padStart(decimals + 1, '0')
    const point = text.length - decimals
    return `${isNegative && digits > 0n ? '-' : ''}${text.slice(0, point)}${decimals > 0 ? `.${text.slice(point)}` : ''}`
  })

describe('JSON that is read and written again', () => {
  it('is unchanged, whatever numbers and strings it contains', () => {
    const text = fc.string({ unit: 'binary' }).map((characters) => JSON.stringify(characters))
    const check = (values: string[]): void => {
      const json = `[${values.join(',')}]`
      // Without a long number, only values are preserved, not their notation: 1.10 becomes 1.1.
      if (values.some((value) => /^-?[\d.]{16}/.test(value))) expect(readAndWrite(json)).toBe(json)
      else expect(JSON.parse(readAndWrite(json))).toEqual(JSON.parse(json))
    }
    fc.assert(fc.property(fc.array(fc.oneof(number, text)), check), { numRuns: 500 })
  })

  it('is unchanged wherever the number is in the text', () => {
    for (let before = 0; before < 40; before += 1) {
      const json = `{"${'k'.repeat(before)}":12345678901234567,"z":9007199254740993}`
      expect(readAndWrite(json)).toBe(json)
    }
  })

  it('can be as large as a response, and full of quotes', () => {
    const json = JSON.stringify({ text: '"\\'.repeat(2_000_000), list: Array(100_000).fill('x') }).replace(
      /}$/,
      ',"n":1e}',
    )
    const large = json.replace('1e', '1'.repeat(100_000))
    expect(readAndWrite(large) === large).toBe(true)
  })

  it('is written as by JSON.stringify, at any depth', () => {
    const depth = 20_000
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const members = [value, undefined, Number.NaN, new Date(0), { undefined, function: () => 0, value }]
        let deep: object = members
        for (let level = 0; level < depth; level += 1) deep = level % 2 === 0 ? { '"': deep } : [deep]
        const text = JSON.stringify(members)
        expect(writeJson(deep)).toBe(`${'[{"\\"":'.repeat(depth / 2)}${text}${'}]'.repeat(depth / 2)}`)
      }),
      { numRuns: 20 },
    )
    expect(() => JSON.stringify(JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`))).toThrow(RangeError)
  })
})
