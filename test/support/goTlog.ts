// Runs test/proof/foreign/tlog.go, which needs the Debian packages golang-go and
// golang-golang-x-mod-dev.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Answer, askProgram, type Question } from './foreignProgram.ts'

const COMPILER = '/usr/bin/go'
const LIBRARIES = '/usr/share/gocode'
const SOURCE = join(import.meta.dirname, '../proof/foreign/tlog.go')

/** For describe.skipIf: warns that the tests are skipped, and why. */
export function withoutGo(what: string): boolean {
  if (existsSync(COMPILER) && existsSync(`${LIBRARIES}/src/golang.org/x/mod/sumdb/tlog`)) return false
  console.warn(`!!! SKIPPED: ${what}, because the Debian packages golang-go and golang-golang-x-mod-dev are missing.`)
  return true
}

export class GoTlog {
  private readonly dir = mkdtempSync(join(tmpdir(), 'jobledger-go-'))

  constructor() {
    execFileSync(COMPILER, ['build', '-o', join(this.dir, 'tlog'), SOURCE], {
      cwd: this.dir,
      env: {
        ...process.env,
        GO111MODULE: 'off',
        GOPATH: LIBRARIES,
        GOPROXY: 'off',
        GOFLAGS: '',
        GOCACHE: join(this.dir, 'cache'),
      },
    })
  }

  /** The answers, in the order of the questions. Hashes and bytes are base64. */
  ask(questions: readonly Question[]): Answer[] {
    return askProgram(join(this.dir, 'tlog'), [], questions)
  }

  /** @throws Error if one of the answers is an error */
  results(questions: readonly Question[]): unknown[] {
    return this.ask(questions).map(({ ok, error }, at) => {
      if (error === undefined) return ok
      throw new Error(`${JSON.stringify(questions[at])}: ${error}`)
    })
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true })
  }
}
