// Prisma's stock command line as a process of its own, as an operator runs it.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))

export interface CliOutcome {
  readonly code: number
  /** Standard output and standard error. */
  readonly said: string
}

/** Runs `prisma ...words` on a database, in a folder that holds a prisma.config.ts. */
export async function prismaCli(words: readonly string[], databaseUrl: string, folder = CHECKOUT): Promise<CliOutcome> {
  return await run([`${CHECKOUT}/node_modules/prisma/build/index.js`, ...words], databaseUrl, folder)
}

/** Runs a program of node on a database. */
export async function run(words: readonly string[], databaseUrl: string, folder = CHECKOUT): Promise<CliOutcome> {
  const env = {
    ...process.env,
    PATH: `${CHECKOUT}/node_modules/.bin:${process.env.PATH}`,
    DATABASE_URL: databaseUrl,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    // An agent or a CI is not asked whether it is sure; a person who runs the tests should not be either.
    CI: 'true',
  }
  return await new Promise((resolve) => {
    execFile(process.execPath, [...words], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), said: `${stdout}\n${stderr}` })
    })
  })
}
