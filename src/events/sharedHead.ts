// The head of the ledger, read for many callers at once: thousands of subscriptions may open in a
// second.
import type { Position } from '../ledger/eventOrder.ts'

export class SharedHead {
  private readonly readHead: () => Promise<Position>
  private reading: Promise<unknown> = Promise.resolve()
  private next: Promise<Position> | undefined

  constructor(readHead: () => Promise<Position>) {
    this.readHead = readHead
  }

  /**
   * A position that includes every record committed before the call: of a statement that starts
   * after it. Calls that wait for the same statement share it.
   *
   * @throws database errors
   */
  read(): Promise<Position> {
    this.next ??= this.readAfter(this.reading)
    return this.next
  }

  private async readAfter(previous: Promise<unknown>): Promise<Position> {
    await previous
    this.next = undefined
    const head = this.readHead()
    this.reading = head.catch(() => undefined)
    return head
  }
}
