// The cost of fields in addition to the nodes that they return. A field that makes the database
// read more declares it in its extensions; documentCost.ts adds it up.
import type { GraphQLField } from 'graphql'
import { BULK_SAMPLE, MAX_BULK_REASONS } from '../../ledger/bulkActions.ts'
import { jobReach, type Reach, recordReach } from '../../ledger/filterReach.ts'
import { FILTER_TIMES, type JobFilter } from '../../ledger/jobFilter.ts'
import { isStatsRolledUp, type StatsBucket } from '../../ledger/jobStats.ts'
import { MAX_WORKERS } from '../../ledger/processingJobs.ts'
import type { JobStateRecordFilter } from '../../ledger/recordFilter.ts'
import { rollUpQuery } from '../../ledger/rolledUpCounts.ts'

/** Costs in nodes. */
export interface FieldCost {
  /** The cost to find what the field returns. */
  readonly read?: number
  /** The cost to count the list of a connection. */
  readonly count?: number
  /** Maximum number of objects in a list that is not a page. */
  readonly items?: number
}

/** The arguments as the client sent them: not checked, with instants as strings. */
type Arguments = Readonly<Record<string, unknown>>

type CostOf = (args: Arguments) => FieldCost

// With a million jobs and four million records, reading a range takes up to one second, and the
// whole table three.
const READ_COST: Readonly<Record<Reach, number>> = { nothing: 0, page: 0, range: 1500, table: 5000 }
/** The cost of reading the roll-up. */
const ROLL_UP_COST = 10
const COUNT_COST: Readonly<Record<Reach, number>> = { nothing: 0, page: 1500, range: 1500, table: 5000 }
const STATS_COST_PER_DAY = 750
const BULK_SAMPLE_COST = 10
const REFUSALS_COST = 10
const PROCESSING_COST = 500
const DAY_MS = 86_400_000
/** More days do not cost more. */
const MAX_COSTED_DAYS = 10

/** The extensions of a field with this cost. */
export function withCost(cost: CostOf): { cost: CostOf } {
  return { cost }
}

export function costOfField(field: GraphQLField<unknown, unknown>, args: Arguments): FieldCost {
  const cost = field.extensions.cost as CostOf | undefined
  return cost?.(args) ?? {}
}

export const jobsCost: CostOf = ({ filter, orderBy }) => {
  const { field } = objectOf(orderBy) as { field?: 'UPDATED_AT' | 'COMPLETED_AT' }
  return { read: READ_COST[jobReach(jobFilterOf(filter), field)], count: jobCountCostOf(jobFilterOf(filter)) }
}

export const jobCountCost: CostOf = ({ filter }) => ({ read: jobCountCostOf(jobFilterOf(filter)) })

export const recordsCost: CostOf = ({ filter }) => {
  const given = recordFilterOf(filter)
  const reach = recordReach(given)
  const isOfOneJob = given.jobId != null
  return {
    read: READ_COST[reach],
    count: isOfOneJob ? ROLL_UP_COST : COUNT_COST[reach === 'nothing' ? reach : 'table'],
  }
}

/** Only few jobs are PROCESSING at a time. */
export const stuckJobsCost: CostOf = () => ({ count: COUNT_COST.page })

export const jobStatsCost: CostOf = ({ filter, from, to, bucket }) => {
  const given = jobFilterOf(filter)
  if (jobReach(given) === 'nothing') return {}
  if (isStatsRolledUp(given, bucket as StatsBucket)) return { read: ROLL_UP_COST }
  const days = (Date.parse(String(to)) - Date.parse(String(from))) / DAY_MS
  // The resolver refuses invalid instants.
  return { read: Math.ceil(STATS_COST_PER_DAY * Math.min(MAX_COSTED_DAYS, Math.max(1, days || 0))) }
}

/** Without a dry run it also stores the jobs. */
export const startBulkActionCost: CostOf = ({ input }) => {
  const { filter, dryRun } = objectOf(input)
  const count = jobCountCostOf(jobFilterOf(filter))
  return { read: dryRun === false ? Math.max(COUNT_COST.table, count) : count }
}

/** Each page is a statement of its own. */
export const bulkOutcomesCost: CostOf = () => ({ read: BULK_SAMPLE_COST })

/** Each page is a statement of its own. A job has few refusals (MAX_ROWS_PER_JOB). */
export const refusalsCost: CostOf = () => ({ read: REFUSALS_COST, count: REFUSALS_COST })

export const bulkRefusalsCost: CostOf = () => ({ items: MAX_BULK_REASONS })

/** It reads up to 10,000 jobs that are PROCESSING, as fast as a page of some hundred. */
export const processingJobsCost: CostOf = () => ({ read: PROCESSING_COST })

export const workersCost: CostOf = () => ({ items: MAX_WORKERS })

/** Each sample is a statement of its own. */
export const bulkSampleCost: CostOf = () => ({ read: BULK_SAMPLE_COST, items: BULK_SAMPLE })

function jobCountCostOf(filter: JobFilter): number {
  return rollUpQuery(filter) ? ROLL_UP_COST : COUNT_COST[jobReach(filter)]
}

function jobFilterOf(given: unknown): JobFilter {
  const { ids, states, excludeStates, presets, excludePresets, metadata, ...others } = objectOf(given)
  return {
    ...instantsOf(others, FILTER_TIMES),
    ids: listOf(ids),
    states: listOf(states),
    excludeStates: listOf(excludeStates),
    presets: listOf(presets),
    excludePresets: listOf(excludePresets),
    metadata: metadata == null ? null : objectOf(metadata),
  } as JobFilter
}

function recordFilterOf(given: unknown): JobStateRecordFilter {
  const { previousStates, newStates, ...others } = objectOf(given)
  return {
    ...instantsOf(others, ['after', 'before']),
    previousStates: listOf(previousStates),
    newStates: listOf(newStates),
  } as JobStateRecordFilter
}

function objectOf(value: unknown): Arguments {
  return typeof value === 'object' && value !== null ? (value as Arguments) : {}
}

/** GraphQL accepts a single value as a list of one item. */
function listOf(value: unknown): unknown {
  return value == null || Array.isArray(value) ? value : [value]
}

function instantsOf(filter: Arguments, names: readonly string[]): Arguments {
  const instants = names.flatMap((name) => (filter[name] == null ? [] : [[name, new Date(String(filter[name]))]]))
  return { ...filter, ...Object.fromEntries(instants) }
}
