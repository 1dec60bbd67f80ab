// CHECKPOINT_FILE: every checkpoint, each a signed note and an empty line. It is a copy outside of
// the database, by which a restored or edited database is recognized.
import { type FileHandle, open } from 'node:fs/promises'

/** Of the end of the file: more than the largest note. */
const TAIL_BYTES = 65_536
const MODE = 0o644
const SEPARATOR = '\n\n'

/**
 * Appends a note and waits until it is on the disk. Removes an incomplete one, which a crash left.
 */
export async function appendCheckpoint(path: string, signedNote: string): Promise<void> {
  const file = await open(path, 'a+', MODE)
  try {
    const { size, text } = await tailOf(file)
    const complete = completeEnd(text)
    if (complete < text.length) await file.truncate(size - Buffer.byteLength(text.slice(complete)))
    await file.appendFile(`${signedNote}\n`)
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** The last complete note; undefined if the file does not exist, or has none. */
export async function lastCheckpoint(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    const { text } = await tailOf(file)
    const notes = text.slice(0, completeEnd(text)).split(SEPARATOR)
    const [signatures, body] = [notes.at(-2), notes.at(-3)]
    return body === undefined ? undefined : `${body}${SEPARATOR}${signatures}\n`
  } finally {
    await file.close()
  }
}

async function tailOf(file: FileHandle): Promise<{ size: number; text: string }> {
  const { size } = await file.stat()
  const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES))
  await file.read(bytes, 0, bytes.length, size - bytes.length)
  return { size, text: bytes.toString() }
}

/** Where the last complete note ends: behind signature lines and an empty line. */
function completeEnd(text: string): number {
  const ends = [...text.matchAll(/\n— [^\n]+\n\n/g)]
  const last = ends.at(-1)
  return last === undefined ? 0 : last.index + last[0].length
}
