// TLS to PostgreSQL, as DATABASE_URL asks for it: sslmode, and the files of certificates.
import { accessSync, constants } from 'node:fs'

/** The parameters that name a file. */
const FILES = ['sslrootcert', 'sslcert', 'sslkey']

/** Why a file that a URL names cannot be used; undefined if all can. */
export function certificateFault(url: string): string | undefined {
  const { searchParams } = new URL(url)
  for (const name of FILES) {
    const path = searchParams.get(name)
    const fault = path ? readFault(path) : undefined
    if (fault) return `names a file in ${name} that cannot be read: ${fault}.`
  }
  return undefined
}

/**
 * The URL with the sslmode that its own means to pg: prefer, require and verify-ca verify the certificate and the name of the host,
 * as verify-full does. pg warns of them on standard error for each process.
 */
export function explicitSslMode(url: string): string {
  if (/[?&]uselibpqcompat=true(&|$)/.test(url)) return url
  return url.replace(/([?&]sslmode=)(prefer|require|verify-ca)(?=&|$)/, '$1verify-full')
}

function readFault(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
