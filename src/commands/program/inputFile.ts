// Text for the standard input of a program, as an unlinked file: unlike a pipe, it can be reopened
// as /dev/stdin, and a program that does not read it causes no error.
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ProgramInput {
  /** As in ProgramOptions. */
  readonly stdin: number | { readonly text: string }
  close(): Promise<void>
}

/** Falls back to a pipe if no temporary file can be created. */
export async function openInput(text: string): Promise<ProgramInput> {
  const file = await unnamedFile(text).catch(() => undefined)
  return file ? { stdin: file.fd, close: () => file.close() } : { stdin: { text }, close: async () => undefined }
}

async function unnamedFile(text: string): Promise<FileHandle> {
  const dir = await mkdtemp(join(tmpdir(), 'jobledger-'))
  try {
    const path = join(dir, 'input')
    await writeFile(path, text, { mode: 0o600 })
    return await open(path)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
