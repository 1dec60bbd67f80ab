// A temporary directory that PostgreSQL can use even if the tests run as root. The caller must
// remove it.
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canEnter, serverAccount } from '../../src/database/embedded/serverAccount.ts'

/**
 * A new directory that the account of PostgreSQL can access. It may have no access to TMPDIR of
 * root.
 */
export function temporaryDirectory(prefix: string): string {
  const account = serverAccount(undefined)
  const base = [tmpdir(), '/tmp', '/var/tmp'].find((candidate) => canEnter(candidate, account))
  const dir = mkdtempSync(join(base ?? tmpdir(), prefix))
  chmodSync(dir, 0o711)
  return dir
}
