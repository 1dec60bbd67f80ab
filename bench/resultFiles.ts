// The files that a run writes to --out. They are replaced atomically. Whether they can be written
// is checked before hours of measuring.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { BenchError } from './benchError.ts'

/** Creates the directory. @throws BenchError if it cannot be created or written to */
export function prepareResults(out: string): void {
  orBenchError(out, () => {
    mkdirSync(out, { recursive: true })
    const probe = temporaryName(out, 'probe')
    try {
      writeFileSync(probe, '')
    } finally {
      rmSync(probe, { force: true })
    }
  })
}

/**
 * Writes texts by file name.
 * @throws BenchError if they cannot be written; existing files then remain unchanged
 */
export function writeResults(out: string, texts: Readonly<Record<string, string>>): void {
  const files = Object.entries(texts).map(([name, text]) => ({
    path: join(out, name),
    temporary: temporaryName(out, name),
    text,
  }))
  orBenchError(out, () => {
    try {
      for (const { temporary, text } of files) writeFileSync(temporary, text)
      for (const { temporary, path } of files) renameSync(temporary, path)
    } finally {
      for (const { temporary } of files) rmSync(temporary, { force: true })
    }
  })
}

function temporaryName(out: string, name: string): string {
  return join(out, `.${name}.${process.pid}`)
}

function orBenchError(out: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    throw new BenchError(`The results cannot be written into ${resolve(out)}: ${(error as Error).message}.`, {
      cause: error,
    })
  }
}
