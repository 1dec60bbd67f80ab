// Lists and reads of the contract that the benchmark does not measure: values that no row has,
// several values at once, pages from the end, and relations of a job.
import type pg from 'pg'
import { BUSY_USER, QUIET_USER, RARE_PRESET, USUAL_PRESET } from '../../bench/rows.ts'

/** An operation and its variables. */
export interface Read {
  readonly name: string
  readonly query: string
  readonly variables: object
}

const PAGE_INFO = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'
const JOBS = `query Jobs($filter: JobFilter, $orderBy: JobOrder, $first: Int, $after: String, $last: Int, $before: String) {
  jobs(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    nodes { jobId state } ${PAGE_INFO} } }`
const RECORDS = `query Records($filter: JobStateRecordFilter, $first: Int, $after: String, $last: Int, $before: String) {
  jobStateRecords(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    nodes { id newState } ${PAGE_INFO} } }`
const NESTED = `query Nested($filter: JobFilter) { jobs(filter: $filter) {
  nodes { jobId stateHistory(first: 5) { nodes { sequence newState } } result { status } } } }`
const HISTORY = `query History($id: ID!, $last: Int) { job(id: $id) { jobId result { status }
  stateHistory(last: $last) { nodes { sequence job { jobId } } ${PAGE_INFO} } } }`
const NODES = 'query Nodes($ids: [ID!]!) { nodes(ids: $ids) { id ... on Job { state result { id } } } }'
const OUTCOMES = `query Outcomes($id: ID!, $outcome: BulkOutcome, $last: Int) { node(id: $id) { ... on BulkAction {
  outcomes(outcome: $outcome, last: $last) { nodes { jobId outcome } ${PAGE_INFO} } } } }`
const OPERATIONS = '{ operations { oldestDueJob { jobId } processing { count workers { actor jobs } } } }'

/** Over jobs: filters that match few or no rows, several values, ranges at both ends. */
function jobFilters({ first, last, jobId, pause }: Ends): Record<string, object> {
  return {
    'some ids': { ids: [jobId, '01890000-0000-7000-8000-000000000000'] },
    'an id and any metadata': { ids: [jobId], metadata: { a: [] } },
    'all states but one': { excludeStates: ['PENDING', 'PROCESSING', 'FAILED', 'CANCELLED'] },
    'an actor and a user': { actor: 'key:worker-3', userId: BUSY_USER },
    'started after the last': { startedAfter: last },
    'started before the first': { startedBefore: first },
    'started in a pause': { startedAfter: pause.from, startedBefore: pause.to },
    'changed after the last': { updatedAfter: last },
    'changed before the first': { updatedBefore: first },
    'several states': { states: ['PENDING', 'PROCESSING', 'FAILED'] },
    'several presets': { presets: [USUAL_PRESET, RARE_PRESET, 'nothing'] },
    'rare presets': { presets: [RARE_PRESET, 'nothing'] },
    'a user without jobs and a state': { userId: 'nobody', states: ['PENDING'] },
    'a user with few and a state': { userId: QUIET_USER, states: ['PROCESSING'] },
    'a user with many and several states': { userId: BUSY_USER, states: ['PROCESSING', 'FAILED'] },
    'created after the last': { createdAfter: last },
    'created before the first': { createdBefore: first },
    'completed after the last': { completedAfter: last },
    'completed before the first': { completedBefore: first },
  }
}

function recordFilters({ first, last, jobId }: Ends): Record<string, object> {
  return {
    'a job': { jobId },
    'a user without jobs': { userId: 'nobody' },
    'an actor with few': { actor: `user:${QUIET_USER}` },
    'an actor and a state': { actor: 'key:worker-3', newStates: ['FAILED'] },
    'several new states': { newStates: ['FAILED', 'CANCELLED'] },
    'a previous state that few have': { previousStates: ['COMPLETED'] },
    'a previous state that none has': { previousStates: ['CANCELLED'] },
    'after the last': { after: last },
    'before the first': { before: first },
  }
}

interface Ends {
  readonly first: string
  readonly last: string
  /** A job with a history. */
  readonly jobId: string
  /** A millisecond in which no job started. */
  readonly pause: { readonly from: string; readonly to: string }
}

/** Pages of a bulk action on all jobs, of which only the newest were refused or not processed. */
async function outcomeReads(client: pg.Client): Promise<Read[]> {
  const { rows } = await client.query<{ id: string }>(`
    WITH action AS (
      INSERT INTO jobledger.bulk_actions (action, actor, reason, filter, matched)
      SELECT 'RETRY', 'a', 'r', '{}', count(*) FROM jobs RETURNING id
    ), members AS (
      INSERT INTO jobledger.bulk_action_jobs (action_id, job_id, version, outcome)
      SELECT action.id, jobs.id, 1, CASE WHEN number > 100 THEN 'DONE' WHEN number > 50 THEN 'COMPLETED' END
      FROM action, (SELECT id, row_number() OVER (ORDER BY id DESC) AS number FROM jobs) AS jobs
    )
    SELECT id FROM action`)
  await client.query('ANALYZE jobledger.bulk_action_jobs')
  const id = Buffer.from(`BulkAction:${rows[0]?.id}`).toString('base64')
  return [null, 'DONE', 'REFUSED', 'NOT_PROCESSED'].flatMap((outcome) =>
    [null, 20].map((last) => ({
      name: `outcomes ${outcome}, ${last === null ? 'from the start' : 'from the end'}`,
      query: OUTCOMES,
      variables: { id, outcome, last },
    })),
  )
}

export async function moreReads(client: pg.Client): Promise<Read[]> {
  const ends = await endsOf(client)
  const { jobId } = ends
  const read = (name: string, query: string, variables: object): Read => ({ name, query, variables })
  return [
    ...Object.entries(jobFilters(ends)).map(([name, filter]) => read(`jobs of ${name}`, JOBS, { filter })),
    ...['CREATED_AT', 'UPDATED_AT', 'COMPLETED_AT'].map((field) =>
      read(`jobs from the end, by ${field}`, JOBS, { orderBy: { field }, last: 20 }),
    ),
    ...Object.entries(recordFilters(ends)).map(([name, filter]) => read(`records of ${name}`, RECORDS, { filter })),
    read('records from the end', RECORDS, { last: 20 }),
    read('histories and results of a page of jobs', NESTED, {}),
    read('histories and results of jobs of a user', NESTED, { filter: { userId: BUSY_USER } }),
    read('a job with the end of its history and its result', HISTORY, { id: jobId, last: 3 }),
    read('operations', OPERATIONS, {}),
    read('nodes', NODES, { ids: [jobId] }),
    ...(await outcomeReads(client)),
  ]
}

async function endsOf(client: pg.Client): Promise<Ends> {
  const { rows } = await client.query<{ first: Date; last: Date; jobId: string; start: Date }>(
    `SELECT min(created_at) AS first, max(updated_at) + interval '1 second' AS last,
       (SELECT job_id FROM job_states ORDER BY id DESC LIMIT 1) AS "jobId",
       (SELECT started_at FROM (
         SELECT started_at, lead(started_at) OVER (ORDER BY started_at) - started_at AS gap FROM jobs WHERE started_at IS NOT NULL
       ) AS starts WHERE gap > interval '1 second' ORDER BY started_at OFFSET 10000 LIMIT 1) AS start
     FROM jobs`,
  )
  const { first, last, jobId, start } = rows[0] as (typeof rows)[number]
  const after = (ms: number): string => new Date(start.getTime() + ms).toISOString()
  return { first: first.toISOString(), last: last.toISOString(), jobId, pause: { from: after(1), to: after(2) } }
}
