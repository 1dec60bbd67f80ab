// The client of Google Cloud Pub/Sub. It finds its credentials by itself (Application Default Credentials), and an emulator by
// PUBSUB_EMULATOR_HOST. Loaded when it is wanted: most processes never do.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PubSub } from '@google-cloud/pubsub'

/** A broker that was away is tried again after so long at the latest; the library would wait for two minutes. */
const RECONNECT_MS = 5000

/** @throws Error if there are no credentials; found out here, because the library would end the process later */
export async function openPubSub(projectId: string): Promise<PubSub> {
  const library = await import('@google-cloud/pubsub')
  const channel = { 'grpc.max_reconnect_backoff_ms': RECONNECT_MS, 'grpc.initial_reconnect_backoff_ms': 200 }
  const client = new library.PubSub({ projectId, ...channel })
  if (!client.isEmulator) await client.auth.getClient()
  return client
}

/** What is on its way to the broker has so long to get there when a process ends. */
const CLOSE_MS = 3000

/** Closes parts of the library, each waited for no longer than that: a broker that does not answer would hold them up for an hour. */
export async function closePubSub(...parts: readonly { close(): Promise<unknown> }[]): Promise<void> {
  for (const part of parts) {
    const over = new AbortController()
    const late = sleep(CLOSE_MS, undefined, { signal: over.signal }).catch(() => undefined)
    await Promise.race([part.close(), late]).finally(() => over.abort())
  }
}
