// The threshold for Job.stuckReason: that of the query that found the job.
import type { GraphQLResolveInfo } from 'graphql'
import { STUCK_AFTER_SECONDS } from '../../ledger/stuckJobs.ts'
import type { GraphQLContext } from '../context.ts'

/** When the query ran, and the minimum time in PROCESSING of a stuck job. */
export interface StuckThreshold {
  readonly at: Date
  readonly olderThanSeconds: number
}

// By the response name of the root field: its arguments apply to everything below it, even if
// Pothos reads the rows again.
const thresholds = new WeakMap<GraphQLContext, Map<string | number, StuckThreshold>>()

/** Sets the threshold for everything below the current root field. */
export function setStuckThreshold(context: GraphQLContext, info: GraphQLResolveInfo, threshold: StuckThreshold): void {
  const byRootField = thresholds.get(context) ?? new Map()
  thresholds.set(context, byRootField.set(info.path.key, threshold))
}

/** The threshold of the enclosing root field; by default one hour before now. */
export function stuckThreshold(context: GraphQLContext, { path }: GraphQLResolveInfo): StuckThreshold {
  let root = path
  while (root.prev !== undefined) root = root.prev
  return thresholds.get(context)?.get(root.key) ?? { at: new Date(), olderThanSeconds: STUCK_AFTER_SECONDS }
}
