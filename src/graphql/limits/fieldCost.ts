// What a field costs beside the nodes that it answers with. Each field that reads more declares it in its extensions, beside what it is;
// documentCost.ts adds it up.
import type { GraphQLField } from 'graphql'
import { jobReach, type Reach, recordReach } from '../../ledger/filterReach.ts'
import type { JobFilter } from '../../ledger/jobFilter.ts'
import { isStatsRolledUp, type StatsBucket } from '../../ledger/jobStats.ts'
import type { JobStateRecordFilter } from '../../ledger/recordFilter.ts'
import { rollUpQuery } from '../../ledger/rolledUpCounts.ts'

/** In nodes. */
export interface FieldCost {
  /** To find what the field answers with. */
  readonly read?: number
  /** Of a connection, to count its list. */
  readonly count?: number
}

/** The arguments as the client wrote them: nothing is checked yet, and instants are texts. */
type Arguments = Readonly<Record<string, unknown>>

type CostOf = (args: Arguments) => FieldCost

// At a million jobs and four million records a range takes up to a second, the whole table three.
const READ: Readonly<Record<Reach, number>> = { nothing: 0, page: 0, range: 1500, table: 5000 }
/** Read from the roll-up. */
const ROLLED_UP = 10
const COUNTED: Readonly<Record<Reach, number>> = { nothing: 0, page: 1500, range: 1500, table: 5000 }
const STATS_PER_DAY = 750
const DAY_MS = 86_400_000
/** From here on statistics cost the same. */
const MAX_DAYS = 10

/** For the extensions of a field. */
export function costing(cost: CostOf): { cost: CostOf } {
  return { cost }
}

export function costOfField(field: GraphQLField<unknown, unknown>, args: Arguments): FieldCost {
  const cost = field.extensions.cost as CostOf | undefined
  return cost?.(args) ?? {}
}

export const jobsCost: CostOf = ({ filter, orderBy }) => {
  const { field } = objectOf(orderBy) as { field?: 'UPDATED_AT' | 'COMPLETED_AT' }
  return { read: READ[jobReach(jobFilterOf(filter), field)], count: jobCount(jobFilterOf(filter)) }
}

export const jobCountCost: CostOf = ({ filter }) => ({ read: jobCount(jobFilterOf(filter)) })

export const recordsCost: CostOf = ({ filter }) => {
  const given = recordFilterOf(filter)
  const reach = recordReach(given)
  const isOfOneJob = given.jobId != null
  return { read: READ[reach], count: isOfOneJob ? ROLLED_UP : COUNTED[reach === 'nothing' ? reach : 'table'] }
}

/** Of jobs that are in work there are few. */
export const stuckJobsCost: CostOf = () => ({ count: COUNTED.page })

export const jobStatsCost: CostOf = ({ filter, from, to, bucket }) => {
  const given = jobFilterOf(filter)
  if (jobReach(given) === 'nothing') return {}
  if (isStatsRolledUp(given, bucket as StatsBucket)) return { read: ROLLED_UP }
  const days = (Date.parse(String(to)) - Date.parse(String(from))) / DAY_MS
  // What is no instant is refused by name.
  return { read: Math.ceil(STATS_PER_DAY * Math.min(MAX_DAYS, Math.max(1, days || 0))) }
}

function jobCount(filter: JobFilter): number {
  return rollUpQuery(filter) ? ROLLED_UP : COUNTED[jobReach(filter)]
}

function jobFilterOf(given: unknown): JobFilter {
  const { states, presets, metadata, ...others } = objectOf(given)
  return {
    ...instantsOf(others, ['createdAfter', 'createdBefore', 'completedAfter', 'completedBefore']),
    states: listOf(states),
    presets: listOf(presets),
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

/** GraphQL takes a single value for a list of one. */
function listOf(value: unknown): unknown {
  return value == null || Array.isArray(value) ? value : [value]
}

function instantsOf(filter: Arguments, names: readonly string[]): Arguments {
  const instants = names.flatMap((name) => (filter[name] == null ? [] : [[name, new Date(String(filter[name]))]]))
  return { ...filter, ...Object.fromEntries(instants) }
}
