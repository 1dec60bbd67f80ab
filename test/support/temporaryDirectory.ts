// A temporary directory in which root's PostgreSQL can live too. Whoever makes one removes it.
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canEnter, serverAccount } from '../../src/database/embedded/serverAccount.ts'

/** A new directory that the user who runs PostgreSQL can enter, which root's TMPDIR need not be. */
export function temporaryDirectory(prefix: string): string {
  const account = serverAccount(undefined)
  const base = [tmpdir(), '/tmp', '/var/tmp'].find((candidate) => canEnter(candidate, account))
  const dir = mkdtempSync(join(base ?? tmpdir(), prefix))
  chmodSync(dir, 0o711)
  return dir
}
