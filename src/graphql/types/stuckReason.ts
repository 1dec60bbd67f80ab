// Job.stuckReason: why a job is stuck, by the measure of the query that found it.
import type { GraphQLResolveInfo } from 'graphql'
import { STUCK_AFTER_SECONDS } from '../../ledger/stuckJobs.ts'
import type { GraphQLContext } from '../context.ts'

/** When it was looked for stuck jobs, and for how long a job had to be PROCESSING to be one. */
export interface StuckThreshold {
  readonly at: Date
  readonly olderThanSeconds: number
}

// By the name of the root field in the answer: what lies below it is measured by its arguments, however often Pothos reads it again.
const measures = new WeakMap<GraphQLContext, Map<string | number, StuckThreshold>>()

/** Notes the measure for all that lies below the root field that is just resolved. */
export function setStuckThreshold(context: GraphQLContext, info: GraphQLResolveInfo, measure: StuckThreshold): void {
  const noted = measures.get(context) ?? new Map()
  measures.set(context, noted.set(info.path.key, measure))
}

/** The measure of the root field above; now and an hour where it has none. */
export function stuckThreshold(context: GraphQLContext, { path }: GraphQLResolveInfo): StuckThreshold {
  let root = path
  while (root.prev !== undefined) root = root.prev
  return measures.get(context)?.get(root.key) ?? { at: new Date(), olderThanSeconds: STUCK_AFTER_SECONDS }
}
