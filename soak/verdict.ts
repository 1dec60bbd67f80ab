// Checks the jobs of a finished round in the tables.
import type pg from 'pg'
import { findHistoryFaults } from '../src/database/historyFaults.ts'
import type { ConfirmedCompletion } from './workerFleet.ts'

/** The states of the jobs of a round in words. `COMPLETED` if all are. */
export async function statesOf(client: pg.Client, userId: string): Promise<string> {
  const { rows } = await client.query<{ state: string; jobs: number }>(
    'SELECT state, count(*)::int AS jobs FROM jobs WHERE user_id = $1 GROUP BY state ORDER BY state',
    [userId],
  )
  const [first, ...more] = rows
  if (first?.state === 'COMPLETED' && more.length === 0) return 'COMPLETED'
  return rows.map(({ state, jobs }) => `${jobs} ${state}`).join(', ')
}

/**
 * The faults of a round. Each acknowledged job must exist once, be completed once, and have a valid
 * history.
 */
export async function findRoundFaults(
  client: pg.Client,
  userId: string,
  acknowledged: ReadonlyMap<string, string>,
): Promise<string[]> {
  const { rows: lost } = await client.query<{ key: string; id: string }>(
    `SELECT a.key, a.id FROM unnest($2::text[], $3::uuid[]) AS a (key, id)
     LEFT JOIN jobs AS j ON j.id = a.id AND j.idempotency_key = a.key AND j.user_id = $1 WHERE j.id IS NULL`,
    [userId, [...acknowledged.keys()], [...acknowledged.values()]],
  )
  const { rows: all } = await client.query<{ jobs: number }>(
    'SELECT count(*)::int AS jobs FROM jobs WHERE user_id = $1',
    [userId],
  )
  const { rows: odd } = await client.query<{ id: string; state: string; completions: number; successes: number }>(
    `SELECT * FROM (
       SELECT j.id, j.state, (SELECT count(*)::int FROM job_states AS s WHERE s.job_id = j.id AND s.new_state = 'COMPLETED') AS completions,
         (SELECT count(*)::int FROM job_results AS r WHERE r.job_id = j.id AND upper(r.status::text) = 'SUCCESS') AS successes
       FROM jobs AS j WHERE j.user_id = $1) AS jobs
     WHERE (state, completions, successes) IS DISTINCT FROM ('COMPLETED'::job_state, 1, 1)`,
    [userId],
  )
  const more = (all[0]?.jobs ?? 0) - acknowledged.size
  return [
    ...lost.map(({ key, id }) => `Job ${id}, acknowledged for ${key}, does not exist.`),
    ...(more === 0 ? [] : [`There are ${all[0]?.jobs} jobs where ${acknowledged.size} were acknowledged.`]),
    ...odd.map(
      ({ id, state, completions, successes }) =>
        `Job ${id} is ${state} with ${completions} completions and ${successes} successful results.`,
    ),
    ...(await findHistoryFaults(client)).map(
      ({ jobId, sequence, fault }) => `Job ${jobId}, record ${sequence}: ${fault}.`,
    ),
  ]
}

/** A completion that was confirmed to a worker must be the record right after its claim. */
export async function findConfirmationFaults(
  client: pg.Client,
  confirmed: readonly ConfirmedCompletion[],
): Promise<string[]> {
  const { rows } = await client.query<{ id: string; version: number; state: string | null }>(
    `SELECT c.id, c.version, s.new_state AS state FROM unnest($1::uuid[], $2::int[]) AS c (id, version)
     LEFT JOIN job_states AS s ON s.job_id = c.id AND s.sequence = c.version + 1
     WHERE s.new_state IS DISTINCT FROM 'COMPLETED'`,
    [confirmed.map(({ jobId }) => jobId), confirmed.map(({ version }) => version)],
  )
  return rows.map(
    ({ id, version, state }) =>
      `The completion of job ${id}, claimed at version ${version}, was confirmed, but the ` +
      `next state is ${state ?? 'missing'}.`,
  )
}
