// Reads roles from the claim of a token. Only exact names count. A string that contains a name, or
// equals one after Unicode case folding, must never give a role.
import { ROLES, type Role } from './roles.ts'

const ANY_ROLE = ROLES.join('|')
/** Names separated by a space, a comma, or a comma and a space. */
const ROLE_LIST = new RegExp(`^(?:${ANY_ROLE})(?:(?: |, ?)(?:${ANY_ROLE}))*$`)

/**
 * The roles in a claim: an array of names, or a string of names. In an array, unknown names are
 * ignored, because they may belong to other systems. A token without the claim has the role USER.
 */
export function readRoleClaim(claim: unknown): Role[] {
  if (claim === undefined) return ['USER']
  const names = new Set<unknown>(typeof claim === 'string' ? splitNames(claim) : Array.isArray(claim) ? claim : [])
  return ROLES.filter((role) => names.has(role))
}

function splitNames(text: string): string[] {
  return ROLE_LIST.test(text) ? text.split(/[ ,]+/) : []
}
