// The long form of differential.test.ts.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Differential, startDifferential } from '../../support/differential.ts'

let differential: Differential

beforeAll(async () => {
  differential = await startDifferential()
})
afterAll(() => differential?.close())

it('plans answer 20,000 random queries of all roles as the executor does', async () => {
  for (let seed = 1; seed <= 10; seed += 1) await differential.compareRandom(2000, seed)
  expect.assertions(20_000)
}, 900_000)
