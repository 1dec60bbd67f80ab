// Before the first test file: builds the programs, and sets up one PostgreSQL for the run (that of
// TEST_DATABASE_URL, or an embedded one in a temporary directory) with the template that test files
// clone. After the last file, and on Ctrl-C, removes all of it.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { startTemporaryServer, type TemporaryServer } from './temporaryServer.ts'
import { dropDatabases, makeTemplate, nameTestRun, type TestRun } from './testRun.ts'

declare module 'vitest' {
  interface ProvidedContext {
    testRun: TestRun
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const external = process.env.TEST_DATABASE_URL
  const server = external ? undefined : await startTemporaryServer()
  const run = nameTestRun(external || (server?.url ?? ''), process.env.KEEP_TEST_DATABASES === '1')
  const onExit = (): void => (server === undefined ? dropAtExit(run) : server.destroyAtExit())
  process.once('exit', onExit)
  const end = async (): Promise<void> => {
    const kept = await dropDatabases(run.serverUrl, run.prefix, failedFiles(project, run))
    await server?.stop({ keepFiles: kept.length > 0 })
    process.off('exit', onExit)
    if (kept.length > 0) console.log(keptMessage(run, kept, server))
  }
  try {
    await Promise.all([build(), makeTemplate(run)])
  } catch (error) {
    await end()
    throw error
  }
  project.provide('testRun', run)
  return end
}

/** Builds the programs that the tests start as processes (program.ts). */
async function build(): Promise<void> {
  const checkout = fileURLToPath(new URL('../..', import.meta.url))
  const [status] = await once(spawn('npm', ['run', '--silent', 'build'], { cwd: checkout, stdio: 'inherit' }), 'exit')
  if (status !== 0) throw new Error('Cannot build the programs, so no test was run.')
}

function failedFiles(project: TestProject, run: TestRun): (testFile: string) => boolean {
  const failed = new Set(
    project.vitest.state
      .getTestModules()
      .filter((file) => !file.ok())
      .map((file) => file.moduleId),
  )
  return (testFile) => run.keepFailed && failed.has(testFile)
}

/** vitest exits a millisecond after Ctrl-C, so only synchronous work completes. */
function dropAtExit({ serverUrl, prefix }: TestRun): void {
  const script = fileURLToPath(new URL('./dropTestRun.ts', import.meta.url))
  spawnSync(process.execPath, ['--import', 'tsx', script, serverUrl, prefix], { stdio: 'inherit', timeout: 20_000 })
}

function keptMessage(run: TestRun, kept: readonly string[], server: TemporaryServer | undefined): string {
  const where =
    server === undefined
      ? `on ${new URL(run.serverUrl).host}`
      : `in ${server.dir}; serve them with: node --import tsx test/support/embeddedProcess.ts ${server.dir}`
  return `Kept the databases of the failed test files ${where}:\n  ${kept.join('\n  ')}`
}
