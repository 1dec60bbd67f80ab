#!/usr/bin/env node
// Replaces the native schema engine, which Prisma would download from a host that many networks
// block. Prisma's CLI starts this program (PRISMA_SCHEMA_ENGINE_BINARY) and sends it JSON-RPC, one
// object per line.
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import { adapterFactory, closeConnections, sessionPids, takeLockTimeout } from './adapter.mjs'
import { runCommand } from './commands.mjs'
import { engineCommit, panicMessage, startEngine } from './engine.mjs'
import { lockTimeoutMessage, watchLockHolders } from './lockWait.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    datasource: { type: 'string', short: 'd' },
    datamodels: { type: 'string', multiple: true },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
    version: { type: 'boolean' },
  },
})
/** @type {import('./adapter.mjs').Datasource} */
const datasource = JSON.parse(values.datasource ?? '{}')

/** Methods that have another name in the WebAssembly engine. */
const RENAMED = /** @type {Record<string, string>} */ ({ getDatabaseVersion: 'version' })

/** Methods that need the shadow database in the state that a diagnosis leaves. */
const NEED_DIAGNOSIS = ['evaluateDataLoss', 'createMigration']

const NO_HOLDERS = /** @type {LockHolders} */ ({ holders: [], isMigration: true })

/** @typedef {{ id: number, method: string, params?: object }} Request */

// The CLI parses every line on standard error as a message, so Node must not print warnings there.
process.removeAllListeners('warning')

// A panic is thrown outside the call that caused it. Exit code 101 makes the CLI read the last line
// as the message of a panic.
process.on('uncaughtException', (error) => {
  const fields = { message: panicMessage() || String(error), backtrace: error.stack }
  process.stderr.write(`${JSON.stringify({ level: 'ERROR', fields, target: 'schema_engine::logger' })}\n`, () =>
    process.exit(101),
  )
})

// `prisma --version` starts the engine with only this option, and waits until it ends.
if (values.version) {
  console.log(`schema-engine-cli ${await engineCommit()}`)
  process.exit(0)
}
if (positionals[0] === 'cli') process.exit(await runCommand(positionals[1] ?? '', datasource.url))

const adapter = bindMigrationAwareSqlAdapterFactory(adapterFactory(datasource))
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line)
  // A message without a method acknowledges that the CLI has printed something.
  if (message.method) send({ jsonrpc: '2.0', ...(await respond(message)) })
}

/** @param {Request} request */
async function respond({ id, method, params }) {
  /** @type {ReturnType<typeof watchLockHolders> | undefined} */
  let locks
  try {
    if (datasource.url !== undefined) locks = watchLockHolders(datasource.url, sessionPids)
    // A new engine for each request: one that has applied migrations refuses to open the shadow
    // database.
    /** @type {any} */
    const engine = await start()
    // A new engine also refuses, until it has run a diagnosis.
    if (NEED_DIAGNOSIS.includes(method)) {
      const { migrationsList, filters } = /** @type {any} */ (params)
      await engine.devDiagnostic({ migrationsList, filters })
    }
    const result = await engine[RENAMED[method] ?? method](params)
    if (method !== 'diff') return { id, result: result ?? null }
    // The native engine prints the difference itself. Here the CLI is asked to print it.
    if (result.stdout) send({ jsonrpc: '2.0', id: `print-${id}`, method: 'print', params: { content: result.stdout } })
    return { id, result: { ...result, stdout: null } }
  } catch (error) {
    return { id, error: await failure(error, method, locks?.holders() ?? NO_HOLDERS) }
  } finally {
    await locks?.stop()
    await closeConnections()
  }
}

async function start() {
  const datamodels = await Promise.all(
    (values.datamodels ?? []).map(
      async (path) => /** @type {[string, string]} */ ([path, await readFile(path, 'utf8')]),
    ),
  )
  // The engine accepts undefined, but not an empty list.
  return startEngine(datamodels.length > 0 ? datamodels : undefined, adapter)
}

/** @typedef {{ holders: string[], isMigration: boolean }} LockHolders */

/** @param {unknown} thrown @param {string} method @param {LockHolders} lockHolders */
async function failure(thrown, method, lockHolders) {
  // The engine returns only the numbers of adapter errors.
  const number = /^External error id#(\d+)/.exec(String(/** @type {Error} */ (thrown).message))?.[1]
  const error = number === undefined ? thrown : adapter.errorRegistry.consumeError(Number(number))?.error
  const timeout = takeLockTimeout()
  const { message, code, meta } = timeout
    ? await lockFailure(error, method, { ...timeout, ...lockHolders })
    : migrationFailure(error, method)
  const panicked = panicMessage() !== ''
  return {
    code: 4466,
    message: 'An error happened. Check the data field for details.',
    data: { is_panic: panicked, message: panicMessage() || message, meta: meta ?? null, error_code: code ?? null },
  }
}

/**
 * @param {unknown} error
 *
 * @param {string} method
 * @param {LockHolders & { isRolledBack: boolean }} wait
 */
async function lockFailure(error, method, wait) {
  // Releases the advisory lock and the table of the migrations.
  await closeConnections()
  const message = await lockTimeoutMessage(String(datasource.url), { migration: migrationIn(error), method }, wait)
  return { message, code: undefined, meta: undefined }
}

/** The name of the migration that failed; undefined if none had started. @param {unknown} error */
function migrationIn(error) {
  return /migration_name="([^"]+)"/.exec(/** @type {Error} */ (error).message)?.[1]
}

/**
 * Adds the code that the native engine reports for a migration that the database refuses. With an
 * adapter, the engine drops it.
 *
 * @param {unknown} error
 * @param {string} method
 */
function migrationFailure(error, method) {
  const failed = /** @type {{ message: string, code?: string, meta?: object }} */ (error)
  const migration = migrationIn(error)
  if (failed.code || method !== 'applyMigrations' || migration === undefined) return failed
  const refusal = failed.message.split(/\n +0: /)[0]
  const message = `A migration failed to apply. New migrations cannot be applied before it is resolved (prisma migrate resolve).\n\nMigration name: ${migration}\n\n${refusal}`
  return { message, code: 'P3018', meta: { migration_name: migration } }
}

/** @param {object} message */
function send(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
