// Which documents stay in the cache when it is full.
import { parse } from 'graphql'
import { expect, it } from 'vitest'
import { DocumentCache } from '../../src/http/documentCache.ts'

const textOf = (caller: string, n: number): string => `{ ${caller}${100 + n}: __typename }`

const documentOf = (text: string) => ({ text, document: parse(text) })

/** A cache with room for `count` documents of `textOf`. */
function cacheOf(count: number) {
  const measure = new DocumentCache()
  measure.add('a', documentOf(textOf('a', 0)))
  const cache = new DocumentCache(count * measure.bytes)
  const add = (caller: string, n: number): void => cache.add(caller, documentOf(textOf(caller, n)))
  const has = (caller: string, n: number): boolean => cache.get(textOf(caller, n)) !== undefined
  return { cache, add, has }
}

it('keeps the documents of a caller with few while another caller floods the cache', () => {
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

it('lets a single caller use the whole cache', () => {
  const { add, has } = cacheOf(5)
  for (let n = 0; n < 5; n += 1) add('a', n)
  expect([0, 1, 2, 3, 4].every((n) => has('a', n))).toBe(true)
})

it('evicts the least recently used document', () => {
  const { add, has } = cacheOf(2)
  add('a', 0)
  add('a', 1)
  expect(has('a', 0)).toBe(true)
  add('a', 2)
  expect([0, 1, 2].map((n) => has('a', n))).toEqual([true, false, true])
})

it('measures documents by their tokens, and ignores one that is larger than the cache', () => {
  const cache = new DocumentCache(100_000)
  const large = `{ ${'id '.repeat(1000)} }`
  cache.add('a', documentOf(large))
  expect([cache.get(large), cache.bytes]).toEqual([undefined, 0])
})
