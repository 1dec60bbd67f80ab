// Whether a piece of work has written to the database so far: a failure after that does not mean that nothing was done.
import { AsyncLocalStorage } from 'node:async_hooks'

export interface Writes {
  any: boolean
}

const current = new AsyncLocalStorage<Writes>()

/** Runs `work`; `writes.any` becomes true with the first statement of it that has written. */
export function watchWrites<T>(writes: Writes, work: () => T): T {
  return current.run(writes, work)
}

/** A statement of the running work has written. */
export function noteWrite(): void {
  const writes = current.getStore()
  if (writes !== undefined) writes.any = true
}
