// Who shares a read of the head of the ledger.
import { expect, it } from 'vitest'
import { SharedHead } from '../../src/events/sharedHead.ts'
import type { Position } from '../../src/ledger/eventOrder.ts'

/** A head whose reads end when the test says so. */
function controlled() {
  const reads: { resolve(position: Position): void; reject(error: Error): void }[] = []
  const head = new SharedHead(() => new Promise((resolve, reject) => reads.push({ resolve, reject })))
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return { head, reads, settle }
}

const position = (epoch: number) => ({ epoch }) as unknown as Position

it('calls during a read share the next one, because theirs must start after them', async () => {
  const { head, reads, settle } = controlled()
  const first = head.read()
  await settle()
  const later = [head.read(), head.read(), head.read()]
  await settle()
  expect(reads).toHaveLength(1)
  reads[0]?.resolve(position(1))
  await settle()
  expect(reads).toHaveLength(2)
  reads[1]?.resolve(position(2))
  expect([await first, ...(await Promise.all(later))]).toEqual([1, 2, 2, 2].map(position))
})

it('calls that start together share one', async () => {
  const { head, reads, settle } = controlled()
  const calls = [head.read(), head.read()]
  await settle()
  expect(reads).toHaveLength(1)
  reads[0]?.resolve(position(1))
  expect(await Promise.all(calls)).toEqual([position(1), position(1)])
})

it('a read that fails fails only the calls that wait for it', async () => {
  const { head, reads, settle } = controlled()
  const failing = [head.read(), head.read()].map((call) => call.catch((error: Error) => error.message))
  await settle()
  const next = head.read()
  reads[0]?.reject(new Error('lost'))
  expect(await Promise.all(failing)).toEqual(['lost', 'lost'])
  await settle()
  reads[1]?.resolve(position(2))
  expect(await next).toEqual(position(2))
})
