// The pipes for the output of a program. Node's pipes are sockets, and scripts that open
// /dev/stderr or /dev/stdout by name fail on a socket. So real pipes are made with mkfifo(1), with
// sockets as fallback.
import { close, constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { execa } from 'execa'

export interface OutputPipes {
  /** The write ends for the program: descriptors, or the word for execa. */
  readonly stdout: number | 'pipe'
  readonly stderr: number | 'pipe'
  /**
   * The read ends, to be called once the program has started or failed to start; with sockets they
   * are those of `started`. Closes the write ends, so that the output ends when no other process
   * holds them.
   */
  readers(started: SocketReaders): { readonly stdout: Readable; readonly stderr: Readable }
}

interface SocketReaders {
  readonly stdout: Readable | null
  readonly stderr: Readable | null
}

/**
 * Creates the two pipes of a program. Does not fail if mkfifo(1) or a temporary directory is
 * missing.
 */
export async function openOutputPipes(): Promise<OutputPipes> {
  return (await realPipes().catch(() => undefined)) ?? SOCKETS
}

const SOCKETS: OutputPipes = {
  stdout: 'pipe',
  stderr: 'pipe',
  readers: ({ stdout, stderr }) => ({ stdout: stdout as Readable, stderr: stderr as Readable }),
}

async function realPipes(): Promise<OutputPipes> {
  const dir = await mkdtemp(join(tmpdir(), 'jobledger-'))
  try {
    const paths = [join(dir, 'stdout'), join(dir, 'stderr')] as const
    await execa('mkfifo', ['-m', '600', ...paths])
    const [stdout, stderr] = [openPipe(paths[0]), openPipe(paths[1])]
    return {
      stdout: stdout.writeEnd,
      stderr: stderr.writeEnd,
      readers() {
        for (const { writeEnd } of [stdout, stderr]) close(writeEnd)
        return { stdout: stdout.reader, stderr: stderr.reader }
      },
    }
  } finally {
    // Open pipes no longer need their names.
    await rm(dir, { recursive: true, force: true })
  }
}

function openPipe(path: string): { readonly writeEnd: number; readonly reader: Readable } {
  // Open the read end first and non-blocking: opening one end blocks until the other is open.
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writeEnd = openSync(path, constants.O_WRONLY)
  return { writeEnd, reader: new Socket({ fd: readEnd, readable: true, writable: false }) }
}
