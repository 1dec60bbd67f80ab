// The lists of the filter cases.
import type pg from 'pg'
import { BATCH_SIZE, BUSY_USER, QUIET_USER, RARE_PRESET, USUAL_PRESET } from '../rows.ts'
import { BUSY, COMPLETED, jobList, type List, recordList } from './listed.ts'

/**
 * Each filter field alone, for values that match many rows and values that match few; and user with
 * state.
 */
export async function filters(client: pg.Client): Promise<List[]> {
  return filtersAround(await inTheMiddle(client))
}

export function filterNames(): string[] {
  return filtersAround({ middle: new Date(0), batch: 0 }).map(({ name }) => name)
}

interface Middle {
  readonly middle: Date
  readonly batch: number
}

function filtersAround({ middle, batch }: Middle): List[] {
  const instant = middle.toISOString()
  const both = (fewer: object): object => ({ ...BUSY.filter, ...fewer })
  return [
    jobList({ name: 'none', title: 'jobs, without a filter' }),
    jobList({ name: 'user', title: 'jobs of a user with many jobs', ...BUSY }),
    jobList({ name: 'user-few', title: 'jobs of a user with few jobs', ...userIs(QUIET_USER) }),
    jobList({ name: 'user-none', title: 'jobs of a user without jobs', ...userIs('nobody') }),
    ...['PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'].map((state) =>
      jobList({ name: `state-${state.toLowerCase()}`, title: `jobs that are ${state}`, ...stateIs(state) }),
    ),
    jobList({ name: 'preset', title: 'jobs of a usual preset', ...presetIs(USUAL_PRESET) }),
    jobList({ name: 'preset-few', title: 'jobs of a rare preset', ...presetIs(RARE_PRESET) }),
    jobList({ name: 'preset-none', title: 'jobs of a preset without jobs', ...presetIs('nothing') }),
    jobList({
      name: 'created-after',
      title: 'jobs by createdAfter',
      filter: { createdAfter: instant },
      where: `created_at >= '${instant}'`,
    }),
    jobList({
      name: 'created-before',
      title: 'jobs by createdBefore',
      filter: { createdBefore: instant },
      where: `created_at < '${instant}'`,
    }),
    ...laterFilters(instant),
    jobList({
      name: 'completed-after',
      title: 'jobs by completedAfter',
      filter: { completedAfter: instant },
      where: `completed_at >= '${instant}'`,
    }),
    jobList({
      name: 'completed-before',
      title: 'jobs by completedBefore',
      filter: { completedBefore: instant },
      where: `completed_at < '${instant}'`,
    }),
    jobList({ name: 'metadata', title: 'jobs by metadata that many jobs have', ...metadataHas({ source: 'api' }) }),
    jobList({
      name: 'metadata-few',
      title: `jobs by metadata that ${BATCH_SIZE} jobs in the middle have`,
      ...metadataHas({ batch }),
    }),
    jobList({ name: 'metadata-none', title: 'jobs by metadata that no job has', ...metadataHas({ batch: -1 }) }),
    jobList({
      name: 'deleted',
      title: 'jobs, including deleted ones',
      filter: { includeDeleted: true },
      includeDeleted: true,
    }),
    jobList({
      name: 'user-and-state',
      title: 'jobs of a user with many jobs, in a usual state',
      filter: both(COMPLETED.filter),
      where: `${BUSY.where} AND ${COMPLETED.where}`,
    }),
    jobList({
      name: 'user-and-state-few',
      title: 'jobs of a user with many jobs, in a rare state',
      filter: both({ states: ['PROCESSING'] }),
      where: `${BUSY.where} AND state = 'PROCESSING'`,
    }),
    ...recordFilters(instant),
  ]
}

/** The filters by actor, by exclusion, and by the times of start and change. */
function laterFilters(instant: string): List[] {
  const actor = (name: string) => ({ filter: { actor: name }, where: `state_actor = '${name}'` })
  return [
    jobList({ name: 'actor', title: 'jobs by an actor with many', ...actor('key:worker-3') }),
    jobList({ name: 'actor-few', title: 'jobs by an actor with few', ...actor(`user:${QUIET_USER}`) }),
    jobList({ name: 'actor-none', title: 'jobs by an actor without jobs', ...actor('key:nobody') }),
    jobList({
      name: 'exclude-state',
      title: 'jobs by excludeStates',
      filter: { excludeStates: ['COMPLETED'] },
      where: `state <> 'COMPLETED'`,
    }),
    jobList({
      name: 'exclude-preset',
      title: 'jobs by excludePresets',
      filter: { excludePresets: [USUAL_PRESET] },
      where: `preset IS DISTINCT FROM '${USUAL_PRESET}'`,
    }),
    ...['started', 'updated'].flatMap((what) => [
      jobList({
        name: `${what}-after`,
        title: `jobs by ${what}After`,
        filter: { [`${what}After`]: instant },
        where: `${what}_at >= '${instant}'`,
      }),
      jobList({
        name: `${what}-before`,
        title: `jobs by ${what}Before`,
        filter: { [`${what}Before`]: instant },
        where: `${what}_at < '${instant}'`,
      }),
    ]),
  ]
}

function recordFilters(instant: string): List[] {
  const ofUser = (user: string): string => `job_id IN (SELECT id FROM jobs WHERE user_id = '${user}')`
  return [
    recordList({ name: 'records-none', title: 'jobStateRecords, without a filter' }),
    recordList({
      name: 'records-user',
      title: 'jobStateRecords of a user with many jobs',
      filter: { userId: BUSY_USER },
      where: ofUser(BUSY_USER),
    }),
    recordList({
      name: 'records-user-few',
      title: 'jobStateRecords of a user with few jobs',
      filter: { userId: QUIET_USER },
      where: ofUser(QUIET_USER),
    }),
    recordList({
      name: 'records-actor',
      title: 'jobStateRecords by actor',
      filter: { actor: 'key:worker-3' },
      where: `actor = 'key:worker-3'`,
    }),
    recordList({
      name: 'records-actor-none',
      title: 'jobStateRecords by an actor without records',
      filter: { actor: 'key:unused' },
      where: `actor = 'key:unused'`,
    }),
    recordList({
      name: 'records-previous',
      title: 'jobStateRecords by previousStates',
      filter: { previousStates: ['FAILED'] },
      where: `previous_state = 'FAILED'`,
    }),
    recordList({
      name: 'records-new',
      title: 'jobStateRecords by newStates',
      filter: { newStates: ['CANCELLED'] },
      where: `new_state = 'CANCELLED'`,
    }),
    recordList({
      name: 'records-after',
      title: 'jobStateRecords by after',
      filter: { after: instant },
      where: `"timestamp" >= '${instant}'`,
    }),
    recordList({
      name: 'records-before',
      title: 'jobStateRecords by before',
      filter: { before: instant },
      where: `"timestamp" < '${instant}'`,
    }),
  ]
}

/** The instant in the middle of all jobs, and the metadata of the jobs there. */
async function inTheMiddle(client: pg.Client): Promise<Middle> {
  const { rows } = await client.query<Middle>(`
    SELECT created_at AS middle, (metadata -> 'batch')::integer AS batch FROM jobs
    WHERE created_at >= (SELECT min(created_at) + (max(created_at) - min(created_at)) / 2 FROM (
      (SELECT created_at FROM jobs ORDER BY id LIMIT 1) UNION ALL (SELECT created_at FROM jobs ORDER BY id DESC LIMIT 1)) AS ends)
    ORDER BY id LIMIT 1`)
  return rows[0] as Middle
}

function userIs(userId: string) {
  return { filter: { userId }, where: `user_id = '${userId}'` }
}

function stateIs(state: string) {
  return { filter: { states: [state] }, where: `state = '${state}'` }
}

function presetIs(preset: string) {
  return { filter: { presets: [preset] }, where: `preset = '${preset}'` }
}

function metadataHas(metadata: object) {
  return { filter: { metadata }, where: `metadata @> '${JSON.stringify(metadata)}'` }
}
