// Counts the statements that any program sends to PostgreSQL: a proxy that reads the messages of
// the program (PostgreSQL documentation, "Message Formats"). Every Query and every Execute is a
// statement, including BEGIN and COMMIT.
import { connect, createServer, type Socket } from 'node:net'

export interface StatementCounter {
  /** The URL of the database through the counter. */
  readonly url: string
  /** Number of statements so far. */
  count(): number
  close(): Promise<void>
}

const QUERY = 'Q'.charCodeAt(0)
const EXECUTE = 'E'.charCodeAt(0)

export async function startStatementCounter(databaseUrl: string): Promise<StatementCounter> {
  const there = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let statements = 0
  const server = createServer((program) => {
    const database = connect(Number(there.port || 5432), there.hostname)
    const messages = new SentMessages((type) => {
      if (type === QUERY || type === EXECUTE) statements += 1
    })
    program.on('data', (bytes) => messages.read(bytes))
    program.pipe(database)
    database.pipe(program)
    for (const socket of [program, database]) {
      sockets.add(socket)
      socket.on('error', () => undefined) // Its end follows, and is passed on.
      socket.once('close', () => {
        sockets.delete(socket)
        program.destroy()
        database.destroy()
      })
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const url = new URL(databaseUrl)
  const address = server.address()
  url.hostname = '127.0.0.1'
  url.port = String(typeof address === 'object' ? address?.port : '')
  return {
    url: url.href,
    count: () => statements,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Splits what a program sends into messages. The first message of a connection has no type. */
class SentMessages {
  private readonly note: (type: number) => void
  private pending: Buffer = Buffer.alloc(0)
  private isStarted = false

  constructor(note: (type: number) => void) {
    this.note = note
  }

  read(bytes: Buffer): void {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes])
    for (;;) {
      const head = this.isStarted ? 1 : 0
      if (this.pending.length < head + 4) return
      // The length includes itself but not the type.
      const end = head + this.pending.readInt32BE(head)
      if (this.pending.length < end) return
      if (this.isStarted) this.note(this.pending[0] as number)
      this.isStarted = true
      this.pending = this.pending.subarray(end)
    }
  }
}
