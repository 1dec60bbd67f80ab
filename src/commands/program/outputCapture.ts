// Reads what a program writes: keeps its tail and, where asked to, passes it on at once and unchanged.
import { write } from 'node:fs'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { OutputTail } from './outputTail.ts'

const writeTo = promisify(write)

/** How long to wait before a descriptor that is full for now is tried again. */
const FULL_MS = 10

export interface OutputCapture {
  readonly tail: OutputTail
  /** Resolves when nothing comes any more, or nobody takes what comes. Never rejects. */
  readonly ended: Promise<void>
  /** Why something could not be passed on, unless it is that nobody reads there; undefined so far. */
  fault(): NodeJS.ErrnoException | undefined
  /** Whether it waits for those who read what it passes on. */
  isPassingOn(): boolean
  /** Reads no more. A program that still writes gets SIGPIPE. */
  close(): void
}

/**
 * Takes all that comes from `source`; `target` is the descriptor to pass it on to. When whoever reads there is gone, reading stops, and
 * the program finds it out as it would without us between: by SIGPIPE. A disk that is full, or any other fault of the descriptor, ends it alike.
 */
export function captureOutput(source: Readable, target?: number): OutputCapture {
  const tail = new OutputTail()
  let passingOn = false
  let fault: NodeJS.ErrnoException | undefined
  async function capture(): Promise<void> {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      tail.add(chunk)
      if (target === undefined) continue
      passingOn = true
      // One after the other, so that a slow reader slows the program down.
      await writeAll(target, chunk)
      passingOn = false
    }
  }
  const ended = capture().catch((error: NodeJS.ErrnoException) => {
    if (passingOn && error.code !== 'EPIPE') fault = error
    passingOn = false
    source.destroy()
  })
  return { tail, ended, fault: () => fault, isPassingOn: () => passingOn, close: () => void source.destroy() }
}

// Not through process.stdout: it would make the descriptor non-blocking for everybody who shares it, and the event loop wait for
// files and terminals.
async function writeAll(target: number, chunk: Buffer): Promise<void> {
  for (let from = 0; from < chunk.length; ) {
    try {
      from += (await writeTo(target, chunk, from, chunk.length - from, null)).bytesWritten
    } catch (error) {
      // Somebody else made it non-blocking.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await sleep(FULL_MS)
    }
  }
}
