// The bounds of the queue of refusals.
import { describe, expect, it } from 'vitest'
import type { Refusal } from '../../src/ledger/refusals.ts'
import { MAX_PER_ACTOR, RefusalQueue } from '../../src/refusals/refusalQueue.ts'
import { MISSING_ID } from '../support/factories.ts'

const refusal = (expectedVersion: number, actor = 'a', message = 'm'): Refusal => {
  const states = { attempted: null, from: null, actualVersion: null }
  return { jobId: MISSING_ID, kind: 'FORBIDDEN', actor, ...states, expectedVersion, message }
}

function openQueue(size?: number) {
  const dropped: string[] = []
  const queue = new RefusalQueue({ onDropped: ({ actor }) => dropped.push(actor), ...(size !== undefined && { size }) })
  return { queue, dropped }
}

describe('the queue of refusals', () => {
  it('counts equal refusals, and returns the oldest first', () => {
    const { queue, dropped } = openQueue()
    for (const version of [1, 2, 1, 1, 3]) queue.add(refusal(version))
    const taken = queue.take(2)
    expect(taken.map((one) => [one.refusal.expectedVersion, one.times])).toEqual([
      [1, 3],
      [2, 1],
    ])
    expect([queue.length, dropped]).toEqual([1, []])
  })

  it('drops new refusals when it is full, and still counts equal ones', () => {
    const { queue, dropped } = openQueue(2)
    for (const version of [1, 2, 3, 2]) queue.add(refusal(version))
    expect(dropped).toEqual(['a'])
    expect(queue.take(9).map(({ times }) => times)).toEqual([1, 2])
    queue.add(refusal(3))
    expect(queue.length).toBe(1)
  })

  it('drops what one actor adds beyond its share of a minute, also of what was taken, and keeps that of others', () => {
    const { queue, dropped } = openQueue()
    for (let version = 1; version <= MAX_PER_ACTOR; version += 1) queue.add(refusal(version))
    queue.take(MAX_PER_ACTOR)
    queue.add(refusal(MAX_PER_ACTOR + 1))
    queue.add(refusal(1, 'b'))
    expect(dropped).toEqual(['a'])
    expect(queue.take(9).map((one) => one.refusal.actor)).toEqual(['b'])
  })

  it('shortens long messages to text that the database can store', () => {
    const { queue } = openQueue()
    queue.add(refusal(1, 'a', `${'x'.repeat(999)}\u{1F600}`))
    expect(queue.take(1)[0]?.refusal.message).toBe(`${'x'.repeat(999)}\uFFFD`)
  })
})
