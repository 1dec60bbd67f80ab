// Stands before a server and can be closed: then all connections break, and none is taken, as if the server had been killed. Or it can
// silence the connections that are open: they stay, and nothing passes any more, as if a machine in between had forgotten them.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { fixedPort } from './fixedPort.ts'

export interface TcpGate {
  readonly port: number
  open(): Promise<void>
  /** Where new connections go. */
  lead(target: number): void
  close(): Promise<void>
  /** Connections that are made later pass. Returns how many there were. */
  silence(): number
}

/** A gate in front of a port of this machine, open. */
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
