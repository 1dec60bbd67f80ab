// Loads Prisma's schema engine as WebAssembly. Independent of the CLI and of PostgreSQL.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'

/** The message of the last panic. The engine drops it unless this registry stores it. */
let panic = ''

/** @type {Promise<void> | undefined} */
let loaded

/**
 * @param {[path: string, content: string][] | undefined} datamodels
 * @param {object} adapter a driver adapter factory that captures its errors
 */
export async function startEngine(datamodels, adapter) {
  // Only once: the bindings keep views of the memory of one module.
  loaded ??= load()
  await loaded
  return bindings.SchemaEngine.new({ datamodels }, () => undefined, adapter)
}

/** The commit of prisma-engines, which is the last part of the version of the package. */
export async function engineCommit() {
  const manifest = new URL('package.json', import.meta.resolve('@prisma/schema-engine-wasm'))
  return JSON.parse(await readFile(manifest, 'utf8'))
    .version.split('.')
    .at(-1)
}

async function load() {
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message: (/** @type {string} */ message) => {
        panic = message
      },
      get: () => panic,
    },
  })
  const wasm = new URL('schema_engine_bg.wasm', import.meta.resolve('@prisma/schema-engine-wasm'))
  const { instance } = await WebAssembly.instantiate(await readFile(fileURLToPath(wasm)), {
    './schema_engine_bg.js': /** @type {WebAssembly.ModuleImports} */ (/** @type {unknown} */ (bindings)),
  })
  bindings.__wbg_set_wasm(instance.exports)
  const start = /** @type {() => void} */ (instance.exports.__wbindgen_start)
  start()
}

/** The message of the last panic; '' without one. */
export function panicMessage() {
  return panic
}
