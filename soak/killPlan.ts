// Which processes are killed in one round, when and how. Generated from a seed, so that a failure
// can be repeated.
import type { Random } from '../src/commands/seed/random.ts'
import { POSTGRES_KILLS, type PostgresKill } from './killablePostgres.ts'

interface Moment {
  /** Number of completed jobs of the round that triggers the kill. */
  readonly completed: number
  /** Additional delay. */
  readonly delayMs: number
}

export interface WorkerKill extends Moment {
  readonly worker: number
}

export type FoundationKill = Moment &
  (
    | { readonly of: 'server' }
    | { readonly of: 'postgres'; readonly what: PostgresKill; readonly downMs: number }
    /** Both at once. The server is restarted while the database is still unavailable. */
    | { readonly of: 'both'; readonly downMs: number }
  )

export interface KillPlan {
  /** Sequential: the next kill waits until everything has recovered. */
  readonly foundations: readonly FoundationKill[]
  /** At any time. */
  readonly workers: readonly WorkerKill[]
}

export interface PlanOptions {
  readonly jobs: number
  readonly serverKills: number
  /** Number of kills for each way to kill PostgreSQL. */
  readonly postgresKills: number
  readonly bothKills: number
  readonly workerKills: number
  /** Maximum time that PostgreSQL is unavailable. */
  readonly downMs: number
}

const MAX_DELAY_MS = 300

export function drawPlan(random: Random, options: PlanOptions): KillPlan {
  const { jobs, serverKills, postgresKills, bothKills, workerKills } = options
  const downMs = (): number => random.integer(0, options.downMs)
  const kinds = shuffled(random, [
    ...Array.from({ length: serverKills }, () => ({ of: 'server' }) as const),
    ...Array.from({ length: postgresKills }, () =>
      POSTGRES_KILLS.map((what) => ({ of: 'postgres', what, downMs: downMs() }) as const),
    ).flat(),
    ...Array.from({ length: bothKills }, () => ({ of: 'both', downMs: downMs() }) as const),
  ])
  const moments = (count: number): Moment[] =>
    Array.from({ length: count }, (_, n) => ({
      // In the middle of the load: not in its first twentieth, nor in its last fifth.
      completed: Math.round(jobs * (0.05 + (0.75 * (n + random.next())) / count)),
      delayMs: random.integer(0, MAX_DELAY_MS),
    }))
  const foundationMoments = moments(kinds.length)
  return {
    foundations: kinds.map((kind, n) => ({ ...(foundationMoments[n] as Moment), ...kind })),
    workers: moments(workerKills).map((moment) => ({ ...moment, worker: random.integer(0, 999) })),
  }
}

function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, place: random.next() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item)
}
