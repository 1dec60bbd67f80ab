// Checks linearizability (Herlihy and Wing): whether the results of concurrent calls on one job are
// possible in some sequential order. The job is a register of state and version that changes by
// compare-and-set.
//
// The search is that of Wing and Gong in Lowe's just-in-time form: it processes calls and returns
// in order, and keeps every possible set of open calls that have already taken effect.
import type { JobState } from '../../src/database/generated/client.ts'
import { isLegalTransition } from '../../src/ledger/states.ts'

export interface Register {
  readonly state: JobState
  readonly version: number
}

export interface Transition {
  readonly to: JobState
  readonly expectedVersion?: number | undefined
  readonly expectedState?: JobState | undefined
}

/** The result of a call; `register` is the job as the result shows it. */
export interface Outcome {
  readonly kind: 'read' | 'moved' | 'conflict' | 'illegal'
  readonly register: Partial<Register>
}

/** One call: a read or a transition, which took effect between its two instants. */
export interface Operation {
  readonly transition?: Transition | undefined
  readonly outcome: Outcome
  readonly calledAt: number
  readonly returnedAt: number
}

export const NEW_JOB: Register = { state: 'PENDING', version: 1 }

/** The outcome of a transition of a job at `register`, and the register afterwards. */
export function apply(register: Register, transition: Transition | undefined): { outcome: Outcome; after: Register } {
  if (transition === undefined) return { outcome: { kind: 'read', register }, after: register }
  const { to, expectedVersion = register.version, expectedState = register.state } = transition
  if (expectedVersion !== register.version || expectedState !== register.state) {
    return { outcome: { kind: 'conflict', register }, after: register }
  }
  if (!isLegalTransition(register.state, to)) {
    return { outcome: { kind: 'illegal', register: { state: register.state } }, after: register }
  }
  const after = { state: to, version: register.version + 1 }
  return { outcome: { kind: 'moved', register: after }, after }
}

interface Configuration {
  readonly register: Register
  /** The open calls that have taken effect. */
  readonly effective: ReadonlySet<Operation>
}

/**
 * Returns undefined if the calls are linearizable; otherwise the first call whose result no order
 * explains.
 */
export function firstInexplicable(operations: readonly Operation[], start: Register = NEW_JOB): Operation | undefined {
  const numbers = new Map(operations.map((operation, number) => [operation, number]))
  const open = new Set<Operation>()
  let configurations: Configuration[] = [{ register: start, effective: new Set() }]
  for (const { operation, returns } of eventsOf(operations)) {
    if (returns) {
      configurations = withEffect(configurations, operation, open, numbers)
      if (configurations.length === 0) return operation
      open.delete(operation)
    } else {
      open.add(operation)
    }
  }
  return undefined
}

/**
 * Calls and returns in order of time. At the same instant calls come first, so that the operations
 * overlap.
 */
function eventsOf(operations: readonly Operation[]): { operation: Operation; at: number; returns: boolean }[] {
  return operations
    .flatMap((operation) => [
      { operation, at: operation.calledAt, returns: false },
      { operation, at: operation.returnedAt, returns: true },
    ])
    .sort((a, b) => a.at - b.at || Number(a.returns) - Number(b.returns))
}

/** All configurations in which `returning` has taken effect, after any of the open calls. */
function withEffect(
  configurations: Configuration[],
  returning: Operation,
  open: ReadonlySet<Operation>,
  numbers: ReadonlyMap<Operation, number>,
): Configuration[] {
  const seen = new Set<string>()
  const found = new Map<string, Configuration>()
  const pending = [...configurations]
  for (let next = pending.pop(); next; next = pending.pop()) {
    const key = keyOf(next, numbers)
    if (seen.has(key)) continue
    seen.add(key)
    if (next.effective.has(returning)) {
      const effective = new Set(next.effective)
      effective.delete(returning)
      const rest = { register: next.register, effective }
      found.set(keyOf(rest, numbers), rest)
    } else {
      pending.push(...steps(next, open))
    }
  }
  return [...found.values()]
}

function steps({ register, effective }: Configuration, open: ReadonlySet<Operation>): Configuration[] {
  return [...open]
    .filter((operation) => !effective.has(operation))
    .map((operation) => ({ operation, ...apply(register, operation.transition) }))
    .filter(({ operation, outcome }) => isSame(operation.outcome, outcome))
    .map(({ operation, after }) => ({ register: after, effective: new Set([...effective, operation]) }))
}

function isSame(one: Outcome, other: Outcome): boolean {
  const { kind, register } = one
  return kind === other.kind && register.state === other.register.state && register.version === other.register.version
}

function keyOf({ register, effective }: Configuration, numbers: ReadonlyMap<Operation, number>): string {
  const effects = [...effective].map((operation) => numbers.get(operation)).sort()
  return `${register.state} ${register.version} ${effects.join(' ')}`
}
