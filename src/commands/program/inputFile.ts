// Text for the standard input of a program, as a file that has no name any more: unlike a pipe it can be opened again as /dev/stdin, and
// a program that does not read it is no failure.
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ProgramInput {
  /** As startProgram takes it. */
  readonly stdin: number | { readonly text: string }
  close(): Promise<void>
}

/** Where there is no place for temporary files, the text is for a pipe. */
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
