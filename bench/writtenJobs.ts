// The jobs that the benchmark itself writes: how they are created, their states, and how they are
// removed, so that the data set stays unchanged.
import type pg from 'pg'
import { WrongResponseError } from './benchError.ts'

/** The user that owns them. */
export const BENCH_USER = 'benchmark'
/** Higher than any job of the data set, so these are claimed first. */
const QUEUE_PRIORITY = 10

const TABLES = ['jobs', 'job_states', 'job_results', 'job_result_records']

/**
 * Subtracts these jobs from the sums of the roll-up. Nothing else does when the guards are
 * bypassed.
 */
const REMOVE_FROM_ROLL_UP = `
  SELECT jobledger.apply_to_rollup(ARRAY(
    SELECT record.id FROM jobs JOIN job_states AS record ON record.job_id = jobs.id
    WHERE jobs.user_id = $1 AND (record.transaction_id, record.id) <= (
      SELECT transaction_id, record_id FROM jobledger.consumers WHERE name = 'rollup')), -1)`

/** Removes them and bypasses the guards, which refuse any removal. */
export async function removeWritten(client: pg.Client): Promise<void> {
  await client.query('BEGIN')
  await client.query(`SELECT FROM jobledger.consumers WHERE name = 'rollup' FOR UPDATE`)
  await client.query(REMOVE_FROM_ROLL_UP, [BENCH_USER])
  for (const table of TABLES) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`)
  // Foreign keys remove records and results, too.
  const { rowCount } = await client.query('DELETE FROM jobs WHERE user_id = $1', [BENCH_USER])
  for (const table of TABLES) await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`)
  await client.query('COMMIT')
  if (rowCount) for (const table of TABLES) await client.query(`VACUUM (ANALYZE) ${table}`)
}

/** Current number of these jobs. */
export async function countWritten(client: pg.Client, state?: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM jobs WHERE user_id = $1 AND state = coalesce($2::job_state, state)',
    [BENCH_USER, state],
  )
  return rows[0]?.count ?? 0
}

/** A job with its expected state. */
interface DrivenJob {
  readonly id: string
  version: number
  state: 'PENDING' | 'PROCESSING'
}

/** The next transition of a job. */
export interface Move {
  readonly job: DrivenJob
  readonly to: DrivenJob['state']
}

/**
 * Jobs that alternate between PROCESSING and PENDING. Each change is one transition. Every caller
 * has its own jobs, so no two operations write the same row. Ids are `prefix` and a number of 12
 * hexadecimal digits, counted from 0, `perCaller` for each caller.
 */
export class DrivenJobs {
  readonly prefix: string
  readonly perCaller: number
  private readonly client: pg.Client
  private readonly jobs: readonly DrivenJob[]
  private readonly next: number[]

  private constructor(
    client: pg.Client,
    { prefix, jobs, callers }: { prefix: string; jobs: readonly DrivenJob[]; callers: number },
  ) {
    this.client = client
    this.prefix = prefix
    this.jobs = jobs
    this.perCaller = jobs.length / callers
    this.next = Array.from({ length: callers }, () => 0)
  }

  static async make(client: pg.Client, callers: number, perCaller: number): Promise<DrivenJobs> {
    const millis = Date.now().toString(16).padStart(12, '0')
    const chance = Math.floor(Math.random() * 4096)
      .toString(16)
      .padStart(3, '0')
    const prefix = `${millis.slice(0, 8)}-${millis.slice(8)}-7${chance}-8000-`
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO jobs (id, user_id, content, preset)
       SELECT ($1 || lpad(to_hex(n), 12, '0'))::uuid, $2, 'driven', 'driven' FROM generate_series(0, $3::integer - 1) AS n RETURNING id`,
      [prefix, BENCH_USER, callers * perCaller],
    )
    const jobs = rows.map(({ id }) => ({ id, version: 1, state: 'PENDING' as const }))
    return new DrivenJobs(client, { prefix, jobs, callers })
  }

  /** Returns this many transitions of different jobs of a caller. Make them, then call `settle`. */
  moves(caller: number, count: number): Move[] {
    return Array.from({ length: count }, (_, index) => {
      const position = ((this.next[caller] as number) + index) % this.perCaller
      const job = this.jobs[caller * this.perCaller + position] as DrivenJob
      return { job, to: job.state === 'PENDING' ? 'PROCESSING' : 'PENDING' }
    })
  }

  /** Records that the transitions were made, with the resulting versions. */
  settle(caller: number, moves: readonly Move[], versions: readonly (number | undefined)[]): void {
    this.next[caller] = ((this.next[caller] as number) + moves.length) % this.perCaller
    for (const [index, { job, to }] of moves.entries()) {
      const version = versions[index]
      if (version !== job.version + 1)
        throw new WrongResponseError(`job ${job.id} went from version ${job.version} to ${version}`)
      job.version = version
      job.state = to
    }
  }

  /** Rejects unless the database has the expected states and a record of each transition. */
  async verify(): Promise<void> {
    const { rows } = await this.client.query<{ versions: number; records: number }>(
      `SELECT (SELECT sum(version)::int FROM jobs WHERE id = ANY ($1)) AS versions,
        (SELECT count(*)::int FROM job_states WHERE job_id = ANY ($1)) AS records`,
      [this.jobs.map(({ id }) => id)],
    )
    const expected = this.jobs.reduce((sum, { version }) => sum + version, 0)
    const { versions, records } = rows[0] ?? {}
    if (versions === expected && records === expected) return
    throw new WrongResponseError(
      `the database has ${versions} versions and ${records} records, where ${expected} were confirmed`,
    )
  }
}

/** Creates as many jobs as are missing for claims. */
export async function fillQueue(client: pg.Client, wanted: number): Promise<void> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM jobs WHERE state = 'PENDING' AND priority = ${QUEUE_PRIORITY}`,
  )
  await client.query(
    `INSERT INTO jobs (user_id, content, preset, priority) SELECT $1, 'queued', 'queued', ${QUEUE_PRIORITY} FROM generate_series(1, $2::integer)`,
    [BENCH_USER, Math.max(0, wanted - (rows[0]?.count ?? 0))],
  )
}
