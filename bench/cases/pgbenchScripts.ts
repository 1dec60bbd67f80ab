// The statements of writeSql.ts as pgbench scripts. Only the database knows the state of a job
// here, so the script reads it.
import { BENCH_USER, type DrivenJobs } from '../writtenJobs.ts'
import { CLAIM, COMPLETE, CREATE } from './writeSql.ts'

// Without a colon, which starts a variable in pgbench, also inside strings.
const ACTOR = `'benchmark'`

export const CREATE_SCRIPT = script(
  withValues(CREATE, [
    `'${BENCH_USER}'`,
    `'s3://uploads/benchmark/clip.mov'`,
    `'created'`,
    `'{"source": "benchmark"}'`,
    ACTOR,
  ]),
)

// \gset turns columns into variables.
export const CLAIM_SCRIPT = [
  `${oneLine(withValues(CLAIM, [`'bench'`, ACTOR]))} \\gset`,
  script(withValues(COMPLETE, [':id::uuid', ':version::integer', ACTOR, `'{"source": "benchmark"}'`])),
].join('\n')

type Ids = Pick<DrivenJobs, 'prefix' | 'perCaller'>

export function transitionScript({ prefix, perCaller }: Ids): string {
  return [
    `\\set n :client_id * ${perCaller} + random(0, ${perCaller - 1})`,
    script(`
      UPDATE jobs SET state = CASE state WHEN 'PENDING' THEN 'PROCESSING' ELSE 'PENDING' END::job_state, version = version + 1,
        state_reason = NULL, state_actor = ${ACTOR}, state_metadata = '{}',
        releases = releases + CASE state WHEN 'PROCESSING' THEN 1 ELSE 0 END
      WHERE id = ${idAt(prefix, ':n')} AND deleted_at IS NULL RETURNING *`),
  ].join('\n')
}

export function transitionsScript({ prefix, perCaller }: Ids, batch: number): string {
  return [
    `\\set n :client_id * ${perCaller} + random(0, ${perCaller - batch})`,
    script(`
      SELECT result.applied, (result.job).* FROM jobledger.transition_jobs((
        SELECT json_agg(json_build_object('jobId', id, 'to', CASE state WHEN 'PENDING' THEN 'PROCESSING' ELSE 'PENDING' END))
        FROM jobs WHERE id BETWEEN ${idAt(prefix, ':n')} AND ${idAt(prefix, `(:n + ${batch - 1})`)}
      ), ${ACTOR}) AS result ORDER BY result.ordinal`),
  ].join('\n')
}

function idAt(prefix: string, number: string): string {
  return `('${prefix}' || lpad(to_hex(${number}::bigint), 12, '0'))::uuid`
}

function withValues(statement: string, values: readonly string[]): string {
  return statement.replace(/\$(\d+)/g, (_, index: string) => values[Number(index) - 1] ?? '')
}

function script(statement: string): string {
  return `${oneLine(statement)};`
}

function oneLine(statement: string): string {
  return statement.replace(/\s+/g, ' ').trim()
}
