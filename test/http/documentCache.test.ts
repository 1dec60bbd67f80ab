// Which documents are kept parsed when there is no room for all.
import { parse } from 'graphql'
import { expect, it } from 'vitest'
import { DocumentCache } from '../../src/http/documentCache.ts'

const textOf = (caller: string, n: number): string => `{ ${caller}${100 + n}: __typename }`

/** A cache with room for `count` documents of `textOf`. */
function cacheOf(count: number) {
  const measure = new DocumentCache()
  const first = textOf('a', 0)
  measure.add('a', first, parse(first))
  const cache = new DocumentCache(count * measure.bytes)
  const add = (caller: string, n: number): void => cache.add(caller, textOf(caller, n), parse(textOf(caller, n)))
  const has = (caller: string, n: number): boolean => cache.get(textOf(caller, n)) !== undefined
  return { cache, add, has }
}

it('keeps what a caller with few documents uses while another one floods it', () => {
  const { add, has } = cacheOf(10)
  for (let n = 0; n < 3; n += 1) add('a', n)
  for (let n = 0; n < 10; n += 1) add('b', n % 10)
  for (let n = 10; n < 99; n += 1) add('b', n % 100)
  expect([0, 1, 2].map((n) => has('a', n))).toEqual([true, true, true])
  expect([98, 97, 96, 95, 94, 93, 92, 91].map((n) => has('b', n))).toEqual([
    true,
    true,
    true,
    true,
    true,
    true,
    true,
    false,
  ])
})

it('lets one caller use all of it as long as there is no other', () => {
  const { add, has } = cacheOf(5)
  for (let n = 0; n < 5; n += 1) add('a', n)
  expect([0, 1, 2, 3, 4].every((n) => has('a', n))).toBe(true)
})

it('gives up what was used longest ago', () => {
  const { add, has } = cacheOf(2)
  add('a', 0)
  add('a', 1)
  expect(has('a', 0)).toBe(true)
  add('a', 2)
  expect([0, 1, 2].map((n) => has('a', n))).toEqual([true, false, true])
})

it('counts a document by its tokens, and keeps none that is larger than the whole', () => {
  const cache = new DocumentCache(100_000)
  const large = `{ ${'id '.repeat(1000)} }`
  cache.add('a', large, parse(large))
  expect([cache.get(large), cache.bytes]).toEqual([undefined, 0])
})
