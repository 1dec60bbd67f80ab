// A proxy between a server and its database. While it is frozen, connections stay open and transfer
// nothing, as if the database machine had stopped.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface FreezableDatabase {
  readonly url: string
  freeze(): void
  thaw(): void
  close(): Promise<void>
}

export async function startFreezable(databaseUrl: string): Promise<FreezableDatabase> {
  const sockets = new Set<Socket>()
  let isFrozen = false
  const server = createServer((near) => {
    const { hostname, port } = new URL(databaseUrl)
    const far = connect(Number(port || 5432), hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => void to.write(chunk))
      from
        .on('error', () => from.destroy())
        .on('close', () => {
          sockets.delete(from)
          to.destroy()
        })
      if (isFrozen) from.pause()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url.href,
    freeze() {
      isFrozen = true
      for (const socket of sockets) socket.pause()
    },
    thaw() {
      isFrozen = false
      for (const socket of sockets) socket.resume()
    },
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
