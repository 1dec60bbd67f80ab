// The pipes that a program writes its output into. What Node calls a pipe is a socket, and a script that opens /dev/stderr or
// /dev/stdout by name, as many do, fails on a socket. Real pipes come from mkfifo(1); where there is none, sockets have to do.
import { close, constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { execa } from 'execa'

export interface OutputPipes {
  /** The ends that the program writes into: descriptors, or a word of execa. */
  readonly stdout: number | 'pipe'
  readonly stderr: number | 'pipe'
  /**
   * The ends to read from, once the program was started or could not be: what of `started` is ours to read if these are sockets.
   * The descriptors above are closed: the end of the output is where no other process has them.
   */
  readers(started: SocketReaders): { readonly stdout: Readable; readonly stderr: Readable }
}

interface SocketReaders {
  readonly stdout: Readable | null
  readonly stderr: Readable | null
}

/** Makes the two pipes of one program. Never fails for want of mkfifo(1) or of a directory for temporary files. */
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
    // Open pipes need their names no longer.
    await rm(dir, { recursive: true, force: true })
  }
}

function openPipe(path: string): { readonly writeEnd: number; readonly reader: Readable } {
  // In this order, and the first without waiting: each end waits for the other to be opened.
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writeEnd = openSync(path, constants.O_WRONLY)
  return { writeEnd, reader: new Socket({ fd: readEnd, readable: true, writable: false }) }
}
