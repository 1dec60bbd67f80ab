// Runs the stock command line of Prisma as a process, as an operator does.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))
const CLI = join(CHECKOUT, 'node_modules/prisma/build/index.js')
/** The parts of a checkout that the commands read and write. */
const PARTS = ['prisma', 'src', 'package.json', 'prisma.config.ts', 'tsconfig.json']
/** After this time the command is stopped, and its output so far is the result. */
const TIMEOUT_MS = 60_000

export interface CliOutcome {
  /** The exit code; -1 if the command was stopped. */
  readonly code: number
  /** Standard output and standard error. */
  readonly said: string
}

/** Runs `prisma ...words` on a database, in a folder that holds a prisma.config.ts. */
export async function prismaCli(words: readonly string[], databaseUrl: string, folder = CHECKOUT): Promise<CliOutcome> {
  return await run([CLI, ...words], databaseUrl, folder)
}

/** Runs a Node program on a database. */
export async function run(words: readonly string[], databaseUrl: string, folder = CHECKOUT): Promise<CliOutcome> {
  const options = { cwd: folder, env: environment(databaseUrl), timeout: TIMEOUT_MS }
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [...words], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1)
      resolve({ code, said: `${stdout}\n${stderr}` })
    })
    child.stdin?.end() // It cannot ask questions.
  })
}

/** Starts `prisma ...words`, which runs until the caller stops it. */
export function startPrismaCli(words: readonly string[], databaseUrl: string): ChildProcess {
  return spawn(process.execPath, [CLI, ...words], { cwd: CHECKOUT, env: environment(databaseUrl), stdio: 'ignore' })
}

/** A copy of the checkout that the commands may change. It shares the installed packages. */
export async function scratchCheckout(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'jobledger-prisma-'))
  for (const part of PARTS) await cp(join(CHECKOUT, part), join(folder, part), { recursive: true })
  await symlink(join(CHECKOUT, 'node_modules'), join(folder, 'node_modules'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

function environment(databaseUrl: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    // As from a shell, even if npm started the tests. Some messages depend on it.
    npm_lifecycle_event: undefined,
    PATH: `${CHECKOUT}/node_modules/.bin:${process.env.PATH}`,
    DATABASE_URL: databaseUrl,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    // Prisma asks for confirmation unless it runs in CI.
    CI: 'true',
  }
}
