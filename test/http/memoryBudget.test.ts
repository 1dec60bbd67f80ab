// Which request is given up when there is no memory for all.
import { expect, it } from 'vitest'
import { MemoryBudget } from '../../src/http/memoryBudget.ts'

const MEBIBYTE = 1024 * 1024

function open(limit: number) {
  const budget = new MemoryBudget(limit * MEBIBYTE)
  const givenUp: string[] = []
  const hold = (caller: string, mebibytes: number) => {
    const holding = budget.open(
      () => caller,
      () => void givenUp.push(`${caller} ${mebibytes}`),
    )
    holding.hold(mebibytes * MEBIBYTE)
    return holding
  }
  return { budget, givenUp, hold }
}

it('gives up the largest request of the caller that holds most, whoever asks last', () => {
  const { budget, givenUp, hold } = open(100)
  for (const size of [30, 40, 20]) hold('greedy', size)
  hold('modest', 45)
  expect(givenUp).toEqual(['greedy 40'])
  expect(budget.bytes).toBe(95 * MEBIBYTE)
})

it('gives up the request that asks when it is the largest itself', () => {
  const { givenUp, hold } = open(100)
  expect(hold('a', 101).isGivenUp).toBe(true)
  expect(givenUp).toEqual(['a 101'])
})

it('gives up neither small requests, nor what writes, nor an answer that begins to go out', () => {
  const { givenUp, hold } = open(100)
  for (let n = 0; n < 100; n += 1) hold('small', 0.2)
  hold('writes', 40).keep()
  hold('sends', 40).send()
  expect(hold('asks', 30).isGivenUp).toBe(true)
  expect(givenUp).toEqual(['asks 30'])
  expect(hold('small', 0.2).isGivenUp).toBe(false)
})

it('holds nothing for requests that have ended', () => {
  const { budget, hold } = open(100)
  const holdings = [hold('a', 10), hold('b', 20)]
  for (const holding of holdings) holding.release()
  expect(budget.bytes).toBe(0)
})
