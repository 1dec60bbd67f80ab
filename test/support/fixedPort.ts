// A port for a server that stops and starts again. It must not be an ephemeral port: while no
// server listens, a client that connects to such a port may get the same port as its own and
// connect to itself.
import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the ephemeral ports of Linux (from 32768) and of other systems (from 49152).
const MIN = 20_000
const MAX = 30_000

/** A free port on the loopback interface. */
export async function fixedPort(): Promise<number> {
  for (;;) {
    const port = MIN + Math.floor(Math.random() * (MAX - MIN))
    const probe = createServer().listen(port, '127.0.0.1')
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    )
    probe.close()
    if (isFree) return port
  }
}
