// The client of Google Cloud Pub/Sub. It uses Application Default Credentials, or the emulator at
// PUBSUB_EMULATOR_HOST. Loaded on demand, because most processes do not need it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PubSub } from '@google-cloud/pubsub'

/** Maximum time between attempts to reconnect; the default of the library is two minutes. */
const RECONNECT_MS = 5000

/**
 * @throws Error without credentials; checked here, because the library would end the process later
 */
export async function openPubSub(projectId: string): Promise<PubSub> {
  const library = await import('@google-cloud/pubsub')
  const channel = { 'grpc.max_reconnect_backoff_ms': RECONNECT_MS, 'grpc.initial_reconnect_backoff_ms': 200 }
  const client = new library.PubSub({ projectId, ...channel })
  if (!client.isEmulator) await client.auth.getClient()
  return client
}

/** Time limit for messages in transit when a process ends. */
const CLOSE_MS = 3000

/**
 * Closes parts of the library, each with this time limit: the library would wait an hour for an
 * unresponsive broker.
 */
export async function closePubSub(...parts: readonly { close(): Promise<unknown> }[]): Promise<void> {
  for (const part of parts) {
    const timer = new AbortController()
    const timeout = sleep(CLOSE_MS, undefined, { signal: timer.signal }).catch(() => undefined)
    await Promise.race([part.close(), timeout]).finally(() => timer.abort())
  }
}
