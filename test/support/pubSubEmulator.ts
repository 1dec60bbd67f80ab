// Runs Google's Pub/Sub emulator (package google-cloud-cli-pubsub-emulator, and Java). It stores
// nothing: after a restart it has neither topics nor messages.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

import { eventually } from './eventually.ts'
import { fixedPort } from './fixedPort.ts'

const FOLDER = '/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib'
const START_MS = 60_000
/** Compiles little, because it does not run for long. */
const QUICK_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

/** The path of the program; undefined if it or Java is not installed. */
export const PUBSUB_EMULATOR: string | undefined = findEmulator()

function findEmulator(): string | undefined {
  if (!existsSync(FOLDER) || spawnSync('java', ['-version']).status !== 0) return undefined
  const name = readdirSync(FOLDER).find((file) => /^cloud-pubsub-emulator-.*\.jar$/.test(file))
  return name && join(FOLDER, name)
}

/** For describe.skipIf: warns that the tests are skipped, and why. */
export function withoutEmulator(what: string): boolean {
  if (PUBSUB_EMULATOR !== undefined) return false
  console.warn(
    `!!! SKIPPED: ${what}, because Google's Pub/Sub emulator (google-cloud-cli-pubsub-emulator) or Java is not installed.`,
  )
  return true
}

export interface PubSubEmulator {
  readonly port: number
  /** The environment variables of programs that use it. */
  readonly environment: ReturnType<typeof emulatorAt>
  /** Kills it with SIGKILL. */
  kill(): Promise<void>
  /** Starts it again at the same address. */
  start(): Promise<void>
}

/** The environment variables of a program that uses the emulator at `port`. */
export function emulatorAt(port: number) {
  return { PUBSUB_EMULATOR_HOST: `127.0.0.1:${port}`, METADATA_SERVER_DETECTION: 'none' } as const
}

export async function startPubSubEmulator(): Promise<PubSubEmulator> {
  const port = await fixedPort()
  let running: ChildProcess | undefined
  const emulator: PubSubEmulator = {
    port,
    environment: emulatorAt(port),
    async kill() {
      const ending = running
      running = undefined
      if (ending === undefined || ending.exitCode !== null) return
      const ended = new Promise((resolve) => ending.once('close', resolve))
      ending.kill('SIGKILL')
      await ended
      await eventually(() =>
        canConnect(port).then(
          () => Promise.reject(new Error('The emulator still accepts connections.')),
          () => undefined,
        ),
      )
    },
    async start() {
      const words = [...QUICK_START, '-jar', PUBSUB_EMULATOR as string, '--host=127.0.0.1', `--port=${port}`]
      running = spawn('java', words, { stdio: 'ignore' })
      await eventually(() => canConnect(port), START_MS)
    },
  }
  await emulator.start()
  return emulator
}

function canConnect(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })
}
