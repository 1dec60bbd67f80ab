// A port for a server that goes away and comes back. Not one of those that the system hands out by itself: while nobody listens, a
// client that connects to such a port may be given that very port, and speak with itself.
import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the ephemeral ports of Linux (from 32768) and of all others (from 49152).
const LEAST = 20_000
const MOST = 30_000

/** A port of the loopback on which nobody listens. */
export async function fixedPort(): Promise<number> {
  for (;;) {
    const port = LEAST + Math.floor(Math.random() * (MOST - LEAST))
    const probe = createServer().listen(port, '127.0.0.1')
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    )
    probe.close()
    if (isFree) return port
  }
}
