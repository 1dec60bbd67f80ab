// Reads the output of a program: keeps its tail and optionally forwards it immediately and
// unchanged.
import { write } from 'node:fs'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { hasReaderEnded } from '../../standardOutput.ts'
import { OutputTail } from './outputTail.ts'

const writeTo = promisify(write)

/** Delay before writing again to a descriptor that is full. */
const FULL_MS = 10

export interface OutputCapture {
  readonly tail: OutputTail
  /** Resolves at the end of the output, or when it can no longer be forwarded. Never rejects. */
  readonly ended: Promise<void>
  /** Why output could not be forwarded; undefined if it could, or if its reader has closed. */
  fault(): NodeJS.ErrnoException | undefined
  /** Whether it waits for a slow reader of the forwarded output. */
  isForwarding(): boolean
  /** Stops reading. A program that still writes gets SIGPIPE. */
  close(): void
}

/**
 * Reads all output from `source` and forwards it to the descriptor `target`, if given. When the
 * reader of `target` closes, reading stops and the program gets SIGPIPE, as without a process in
 * between. Any other error of `target`, such as a full disk, has the same effect.
 */
export function captureOutput(source: Readable, target?: number): OutputCapture {
  const tail = new OutputTail()
  let forwarding = false
  let fault: NodeJS.ErrnoException | undefined
  async function capture(): Promise<void> {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      tail.add(chunk)
      if (target === undefined) continue
      forwarding = true
      // Sequential, so that a slow reader slows the program down.
      await writeAll(target, chunk)
      forwarding = false
    }
  }
  const ended = capture().catch((error: NodeJS.ErrnoException) => {
    if (forwarding && !hasReaderEnded(error)) fault = error
    forwarding = false
    source.destroy()
  })
  return { tail, ended, fault: () => fault, isForwarding: () => forwarding, close: () => void source.destroy() }
}

// Not process.stdout, which would make the descriptor non-blocking for every process that shares
// it, and would block the event loop on files and terminals.
async function writeAll(target: number, chunk: Buffer): Promise<void> {
  for (let from = 0; from < chunk.length; ) {
    try {
      from += (await writeTo(target, chunk, from, chunk.length - from, null)).bytesWritten
    } catch (error) {
      // Another process has made it non-blocking.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await sleep(FULL_MS)
    }
  }
}
