// The TLS parameters of DATABASE_URL: sslmode and certificate files.
import { accessSync, constants } from 'node:fs'

/** The parameters whose value is a file. */
const FILE_PARAMETERS = ['sslrootcert', 'sslcert', 'sslkey']

/** Why a file named in the URL cannot be read; undefined if all can. */
export function certificateFault(url: string): string | undefined {
  const { searchParams } = new URL(url)
  for (const name of FILE_PARAMETERS) {
    const path = searchParams.get(name)
    const fault = path ? readFault(path) : undefined
    if (fault) return `names a file in ${name} that cannot be read: ${fault}.`
  }
  return undefined
}

/**
 * Replaces prefer, require and verify-ca with verify-full. pg treats them all as verify-full and
 * verifies the certificate and the host name, but for the others it also prints a warning in each
 * process.
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
