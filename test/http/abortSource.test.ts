// The signal of an AbortSource behaves like that of an AbortController, whenever it is read.
import { expect, it } from 'vitest'
import { AbortSource } from '../../src/http/abortSource.ts'

const [FIRST, SECOND] = [new Error('first'), new Error('second')]

it.each(['before', 'after'])('has the first reason in a signal that is read %s the abort', (when) => {
  const source = new AbortSource()
  if (when === 'before') expect(source.signal.aborted).toBe(false)
  source.abort(FIRST)
  source.abort(SECOND)
  expect([source.isAborted, source.signal.aborted, source.signal.reason]).toEqual([true, true, FIRST])
  expect(() => source.throwIfAborted()).toThrow(FIRST)
})

it('calls its listeners once, and none that was removed', () => {
  const source = new AbortSource()
  const calls: unknown[] = []
  source.onAbort((reason) => calls.push(reason))
  source.onAbort(() => calls.push('removed'))()
  source.abort(FIRST)
  source.abort(SECOND)
  expect(calls).toEqual([FIRST])
})
