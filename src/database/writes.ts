// Tracks whether some work has written to the database: a failure after that does not mean that
// nothing was done.
import { TaskStorage } from './taskStorage.ts'

export interface Writes {
  any: boolean
}

const current = new TaskStorage<Writes>()

/** Runs `work`. `writes.any` becomes true when its first statement has written. */
export function watchWrites<T>(writes: Writes, work: () => T): T {
  return current.run(writes, work)
}

/** Marks that a statement of the current work has written. */
export function noteWrite(): void {
  const writes = current.get()
  if (writes !== undefined) writes.any = true
}
