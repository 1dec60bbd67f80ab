// Which request is aborted when memory runs out.
import { expect, it } from 'vitest'
import { MemoryBudget } from '../../src/http/memoryBudget.ts'

const MEBIBYTE = 1024 * 1024

function open(limit: number) {
  const budget = new MemoryBudget(limit * MEBIBYTE)
  const aborted: string[] = []
  const hold = (caller: string, mebibytes: number) => {
    const holding = budget.open(caller, () => void aborted.push(`${caller} ${mebibytes}`))
    holding.hold(mebibytes * MEBIBYTE)
    return holding
  }
  return { budget, aborted, hold }
}

it('aborts the largest request of the caller that holds most, even if another caller exceeds the limit', () => {
  const { budget, aborted, hold } = open(100)
  for (const size of [30, 40, 20]) hold('greedy', size)
  hold('modest', 45)
  expect(aborted).toEqual(['greedy 40'])
  expect(budget.bytes).toBe(95 * MEBIBYTE)
})

it('aborts the request that exceeds the limit if it is the largest', () => {
  const { aborted, hold } = open(100)
  expect(hold('a', 101).isAborted).toBe(true)
  expect(aborted).toEqual(['a 101'])
})

it('aborts no small request, no mutation, and no response that has just started', () => {
  const { aborted, hold } = open(100)
  for (let n = 0; n < 100; n += 1) hold('small', 0.2)
  hold('writes', 40).protect()
  hold('sends', 40).send()
  expect(hold('latest', 30).isAborted).toBe(true)
  expect(aborted).toEqual(['latest 30'])
  expect(hold('small', 0.2).isAborted).toBe(false)
})

it('frees the memory of requests that have ended', () => {
  const { budget, hold } = open(100)
  const holdings = [hold('a', 10), hold('b', 20)]
  for (const holding of holdings) holding.release()
  expect(budget.bytes).toBe(0)
})
