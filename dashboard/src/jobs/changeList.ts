import { address, navigate } from '../router.ts'
import { listUrl } from './listAddress.ts'

/**
 * Changes parameters of the list that is shown now, which an event just before may have changed.
 */
export function changeList(changes: Readonly<Record<string, string | null | undefined>>): void {
  navigate(listUrl(address.value.query, changes))
}
