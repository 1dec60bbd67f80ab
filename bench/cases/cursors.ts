// Builds cursors directly: paging to the millionth job would take 10,000 requests. If the format of
// cursors changes, the server refuses these and the case fails.
import { encodeCursor, type KeyField } from '../../src/database/keyset.ts'

/** `key` holds the values in the order of the key, as SQL returns them. */
export function cursorOf(name: string, direction: 'asc' | 'desc', key: readonly unknown[]): string {
  const fields: KeyField[] = key.map((_, index) => ({ field: String(index), column: '', kind: 'uuid' }))
  return encodeCursor({ name, direction, key: fields }, Object.fromEntries(key.entries()))
}
