// Runs test/proof/foreign/verify.py, which needs python3 and openssl.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Answer, askProgram, type Question } from './foreignProgram.ts'

const SOURCE = join(import.meta.dirname, '../proof/foreign/verify.py')

/** For describe.skipIf: warns that the tests are skipped, and why. */
export function withoutPython(what: string): boolean {
  const missing = ['python3', 'openssl'].filter((program) => spawnSync(program, ['version']).error !== undefined)
  if (missing.length === 0) return false
  console.warn(`!!! SKIPPED: ${what}, because ${missing.join(' and ')} is not installed.`)
  return true
}

/** The answers, in the order of the questions. */
export function askPython(questions: readonly Question[]): Answer[] {
  return askProgram('python3', ['-B', SOURCE], questions)
}
