// The client of Google Cloud Pub/Sub. It finds its credentials by itself (Application Default Credentials), and an emulator by
// PUBSUB_EMULATOR_HOST. Loaded when it is wanted: most processes never do.
import type { PubSub } from '@google-cloud/pubsub'

/** A broker that was away is tried again after so long at the latest; the library would wait for two minutes. */
const RECONNECT_MS = 5000

export async function openPubSub(projectId: string): Promise<PubSub> {
  const library = await import('@google-cloud/pubsub')
  const channel = { 'grpc.max_reconnect_backoff_ms': RECONNECT_MS, 'grpc.initial_reconnect_backoff_ms': 200 }
  return new library.PubSub({ projectId, ...channel })
}
