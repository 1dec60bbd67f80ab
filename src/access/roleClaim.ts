// Reads roles from the claim of a token. Only exact names count: a text that merely contains a name, or becomes one by Unicode case
// folding, must never give a role.
import { ROLES, type Role } from './roles.ts'

const NAME = ROLES.join('|')
/** Names separated by a space, a comma, or a comma and a space. */
const LIST = new RegExp(`^(?:${NAME})(?:(?: |, ?)(?:${NAME}))*$`)

/**
 * The roles that a claim gives: a list of names, or a text that consists of names. In a list, the roles of other systems are ignored.
 * A token without the claim has the role USER.
 */
export function readRoleClaim(claim: unknown): Role[] {
  if (claim === undefined) return ['USER']
  const names = new Set<unknown>(typeof claim === 'string' ? splitNames(claim) : Array.isArray(claim) ? claim : [])
  return ROLES.filter((role) => names.has(role))
}

function splitNames(text: string): string[] {
  return LIST.test(text) ? text.split(/[ ,]+/) : []
}
