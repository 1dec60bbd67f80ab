// A server as in production, in a process of its own. The load test measures it, and the kill tests
// kill it.
import { type DetachedProgram, startDetached } from './detachedProgram.ts'

export interface ServerProcessOptions {
  readonly databaseUrl: string
  /** Variables besides those for an open production server on this machine. */
  readonly environment?: Readonly<Record<string, string>>
  /** Runs the output of `npm run build`, which starts in half the time. Default: the source. */
  readonly isBuilt?: boolean
}

export interface ServerProcess extends DetachedProgram {
  /**
   * Resolves to the address of the API when the server listens. Rejects with a ServerStartError if
   * it ends before that.
   */
  readonly endpoint: Promise<string>
}

/** The server did not start. The message is complete: print it without a stack trace. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError'
}

const MAIN = import.meta.resolve('../src/main.ts')
const BUILT_MAIN = MAIN.replace(/src\/main\.ts$/, 'dist/main.js')

export function startServerProcess({ databaseUrl, environment, isBuilt }: ServerProcessOptions): ServerProcess {
  const program = startDetached(isBuilt ? BUILT_MAIN : MAIN, {
    environment: { NODE_ENV: 'production', AUTH: 'open', PORT: '0', DATABASE_URL: databaseUrl, ...environment },
  })
  const endpoint = endpointOf(program)
  endpoint.catch(() => undefined) // Callers that do not wait for it must not cause an unhandled rejection.
  return { ...program, endpoint }
}

function endpointOf({ lines, ended }: DetachedProgram): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (line: string): void => {
      const url = /"url":"([^"]+)".*"msg":"listening"/.exec(line)?.[1]
      if (url === undefined) return
      lines.off('line', look)
      resolve(url)
    }
    lines.on('line', look)
    void ended.then(({ code, signal, errors }) =>
      reject(
        new ServerStartError(`The server ended before it listened (${signal ?? `exit code ${code}`}).\n${errors}`),
      ),
    )
  })
}
