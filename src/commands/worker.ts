// `jobledger worker`: a worker that runs a script for each job. Claims, leases and outcomes are in
// ../worker.

import type { ClientConfig } from '../config/client.ts'
import { ConfigError, readClientConfig } from '../config.ts'
import { createLogger } from '../log.ts'
import { RequestRefusedError, runWorker, WorkerOptionsError } from '../worker/runWorker.ts'
import { refusalMessage } from './credential.ts'
import { integer, requireNotEmpty, timeoutSeconds, UsageError } from './program/usageError.ts'
import { requireExecutable } from './worker/executable.ts'
import { logEvent } from './worker/logEvent.ts'
import { runScript } from './worker/runScript.ts'

export interface WorkerCommandOptions {
  /** The program to run: a path, or a name to look up in PATH. */
  readonly exec: string
  readonly preset?: readonly string[]
  readonly concurrency?: string
  /** In seconds. */
  readonly lease?: string
  /** In seconds. */
  readonly timeout?: string
  /** Names of our own secret variables that scripts receive anyway. */
  readonly passEnv?: readonly string[] | undefined
  /** The endpoint of the server; by default from the environment. */
  readonly url?: string
}

const MAX_CONCURRENCY = 1000
const MAX_LEASE_SECONDS = 86_400

/** Errors that the user can fix. */
const EXPECTED = [ConfigError, UsageError, WorkerOptionsError]

/**
 * Works until SIGTERM, SIGINT or SIGHUP, and lets running scripts finish. A permanent refusal sets
 * exit code 1.
 */
export async function worker(options: WorkerCommandOptions): Promise<void> {
  try {
    const config = readClientConfig(options.url)
    await work(options, config).catch((error: unknown) => {
      throw error instanceof RequestRefusedError
        ? new UsageError(refusalMessage(error, config), { cause: error })
        : error
    })
  } catch (error) {
    if (!EXPECTED.some((kind) => error instanceof kind)) throw error
    console.error((error as Error).message)
    process.exitCode = 1
  }
}

async function work(options: WorkerCommandOptions, config: ClientConfig): Promise<void> {
  const { exec, preset: presets, passEnv } = options
  const { url, token } = config
  for (const preset of presets ?? []) requireNotEmpty('--preset', preset)
  const concurrency = integer('--concurrency', options.concurrency, [1, MAX_CONCURRENCY])
  const leaseSeconds = integer('--lease', options.lease, [1, MAX_LEASE_SECONDS])
  const limitSeconds = timeoutSeconds(options.timeout)
  await requireExecutable(exec)
  const log = createLogger({ level: 'info', readable: process.stdout.isTTY })
  log.info({ url, presets, exec }, 'waiting for jobs')
  await runWorker({
    url,
    token,
    presets,
    concurrency,
    leaseSeconds,
    onSignals: ['SIGTERM', 'SIGINT', 'SIGHUP'],
    handle: (job, { signal }) => runScript(job, { exec, signal, limitSeconds, passEnv }),
    onEvent: (event) => logEvent(log, event),
  })
}
