// The session, and the settings that the server sends before the first page. The credential is in a
// cookie that scripts cannot read; the page only learns whether a session exists, and when the API
// no longer accepts it.
import { signal } from '@preact/signals'

const PATH = '/ui/session'

export interface Session {
  /** False: the server is open, and no one signs in. */
  readonly isRequired: boolean
  readonly isSignedIn: boolean
  /** LIMIT_PAGE_SIZE of the server. */
  readonly maxPageSize: number
  /** LIMIT_BULK_JOBS of the server. */
  readonly maxBulkJobs: number
}

/** Undefined until the server has sent it. */
export const session = signal<Session | undefined>(undefined)
/** Why the visitor must sign in again. */
export const endReason = signal<string | undefined>(undefined)

export const mustSignIn = (): boolean => session.value?.isRequired === true && !session.value.isSignedIn

/** The size of a page to ask the API for: `wanted`, or less if the server allows only less. */
export function pageSize(wanted: number): number {
  return Math.min(wanted, session.value?.maxPageSize ?? wanted)
}

/** Maximum number of jobs that a bulk action may match. */
export function maxBulkJobs(): number {
  return session.value?.maxBulkJobs ?? Number.POSITIVE_INFINITY
}

/** @throws TypeError if the server cannot be reached */
export async function loadSession(): Promise<void> {
  const response = await fetch(PATH)
  session.value = (await response.json()) as Session
}

/** The API has refused the session: its credential was revoked or has expired. */
export function endSession(reason: string): void {
  if (session.value?.isRequired !== true || !session.value.isSignedIn) return
  endReason.value = reason
  setSignedIn(false)
}

/** Resolves to the message of a refusal. The credential must be one that the API accepts. */
export async function startSession(credential: string): Promise<string | undefined> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(PATH, { method: 'POST', headers, body: JSON.stringify({ credential }) })
  if (!response.ok) {
    const { error } = (await response.json()) as { error: string }
    return error
  }
  endReason.value = undefined
  setSignedIn(true)
  return undefined
}

export async function signOut(): Promise<void> {
  await fetch(PATH, { method: 'DELETE' })
  endReason.value = undefined
  setSignedIn(false)
}

function setSignedIn(isSignedIn: boolean): void {
  if (session.value !== undefined) session.value = { ...session.value, isSignedIn }
}
