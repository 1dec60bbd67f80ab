// What a query has read when it is stopped for lack of memory is freed at once. Otherwise the
// queries that wait for memory would themselves use it up.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import type { AuthenticatedRequest } from '../../src/http/request.ts'
import { retryRead } from '../../src/http/retryRead.ts'
import { eventually } from '../support/eventually.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

it('keeps nothing of a stopped attempt while it waits for memory', async () => {
  let stop: (() => void) | undefined
  let reserve: (() => void) | undefined
  const reserved = new Promise<void>((resolve) => {
    reserve = resolve
  })
  const request = {
    deadline: { onAbort: () => () => undefined, throwIfAborted: () => undefined },
    memory: {
      onStop(retry: (() => void) | undefined) {
        stop = retry ?? stop
      },
      reserve: () => reserved,
    },
    responseSize: { restart: () => undefined },
  } as unknown as AuthenticatedRequest
  let rows: WeakRef<object> | undefined
  const answer = retryRead(request, async (_, attempt) => {
    if (attempt > 1) return { attempt }
    const read = { attempt }
    rows = new WeakRef(read)
    stop?.()
    return read
  })
  await eventually(async () => {
    await nextTurn()
    collectGarbage()
    expect(rows?.deref()).toBeUndefined()
  })
  reserve?.()
  expect(await answer).toEqual({ attempt: 2 })
})
