// A proxy in front of a server. Closing it breaks all connections and refuses new ones, as if the
// server had been killed. Silencing it keeps connections open and transfers nothing, as if a
// machine in between had lost them.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { fixedPort } from './fixedPort.ts'

export interface TcpGate {
  readonly port: number
  open(): Promise<void>
  /** Sets the port that new connections go to. */
  lead(target: number): void
  close(): Promise<void>
  /** Silences the open connections; later ones work. Returns how many it silenced. */
  silence(): number
}

/** Opens a gate in front of a port of this machine. */
export async function openTcpGate(firstTarget: number): Promise<TcpGate> {
  let target = firstTarget
  const port = await fixedPort()
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from
        .on('error', () => from.destroy())
        .on('close', () => {
          sockets.delete(from)
          to.destroy()
        })
    }
  })
  const gate: TcpGate = {
    port,
    lead(next) {
      target = next
    },
    async open() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.resetAndDestroy()
      await closed
    },
    silence() {
      for (const socket of sockets) socket.unpipe().pause()
      return sockets.size / 2
    },
  }
  await gate.open()
  return gate
}
