// A value that belongs to a task and everything that it awaits, like AsyncLocalStorage. While Node
// keeps such values, it calls hooks for every promise of the process, which is a sixth of the work
// of a small request. So it keeps them only while such a task runs.
import { AsyncLocalStorage } from 'node:async_hooks'

export class TaskStorage<Value> {
  private readonly storage = new AsyncLocalStorage<Value>()
  private running = 0

  /** The value is lost for work that outlasts the promise that `work` returns. */
  run<T>(value: Value, work: () => T): T {
    this.running += 1
    let result: T | undefined
    try {
      result = this.storage.run(value, work)
      return result
    } finally {
      if (result instanceof Promise) result.then(this.end, this.end)
      else this.end()
    }
  }

  get(): Value | undefined {
    return this.storage.getStore()
  }

  private readonly end = (): void => {
    this.running -= 1
    if (this.running === 0) this.storage.disable()
  }
}
