// The accounts of the jobs of a run: what the database holds of each job, and whether it is
// correct.
import { findHistoryFaults } from '../src/database/historyFaults.ts'
import { AccountsDocument, type AccountsQuery } from '../test/client/documents.generated.ts'
import { onServer } from '../test/support/testRun.ts'
import type { LoadClient } from './loadClient.ts'

/** Number of jobs by account: the state, the version, every record and the results, in one line. */
type Accounts = ReadonlyMap<string, number>

const COMPLETED = 'COMPLETED v3: 1 to PENDING, 2 PENDING to PROCESSING, 3 PROCESSING to COMPLETED; SUCCESS'
const WAITING = 'PENDING v1: 1 to PENDING; no result'

/** One line for each fault. Empty if each job has exactly the expected records. */
export function accountFaults(
  accounts: Accounts,
  { completed, waiting }: Readonly<Record<'completed' | 'waiting', number>>,
): string[] {
  const expected = new Map([
    [COMPLETED, completed],
    [WAITING, waiting],
  ])
  return [...new Set([...accounts.keys(), ...expected.keys()])]
    .filter((account) => (accounts.get(account) ?? 0) !== (expected.get(account) ?? 0))
    .map((account) => `${accounts.get(account) ?? 0} jobs (expected ${expected.get(account) ?? 0}): ${account}`)
}

const BY_SQL = `
  SELECT account, count(*)::int AS jobs FROM (
    SELECT concat(j.state, ' v', j.version, ': ',
      (SELECT string_agg(concat(s.sequence, ' ' || s.previous_state, ' to ', s.new_state), ', ' ORDER BY s.sequence)
        FROM job_states AS s WHERE s.job_id = j.id), '; ',
      (SELECT coalesce(upper(string_agg(r.status::text, ', ')), 'no result') FROM job_results AS r WHERE r.job_id = j.id)) AS account
    FROM jobs AS j WHERE j.preset = $1
  ) AS accounts GROUP BY account`

/** Reads the tables. Also reports faults that no account shows. */
export async function accountsBySql(
  databaseUrl: string,
  run: string,
): Promise<{ accounts: Accounts; faults: string[] }> {
  return await onServer(databaseUrl, async (client) => {
    const { rows } = await client.query<{ account: string; jobs: number }>(BY_SQL, [run])
    const faults = await findHistoryFaults(client)
    return {
      accounts: new Map(rows.map(({ account, jobs }) => [account, jobs])),
      faults: faults.map(({ jobId, sequence, fault }) => `job ${jobId}, record ${sequence}: ${fault}`),
    }
  })
}

/** Reads all pages over the API. */
export async function accountsByApi(client: LoadClient, run: string): Promise<Accounts> {
  const accounts = new Map<string, number>()
  for (let after: string | null = null; ; ) {
    const { jobs }: AccountsQuery = await client.send(AccountsDocument, { filter: { presets: [run] }, after })
    for (const job of jobs.nodes) accounts.set(accountOf(job), (accounts.get(accountOf(job)) ?? 0) + 1)
    if (!jobs.pageInfo.hasNextPage) return accounts
    after = jobs.pageInfo.endCursor
  }
}

function accountOf({ state, version, stateHistory, result }: AccountsQuery['jobs']['nodes'][number]): string {
  const records = stateHistory.nodes.map(({ sequence, previousState, newState }) =>
    [sequence, previousState, 'to', newState].filter((word) => word !== null).join(' '),
  )
  return `${state} v${version}: ${records.join(', ')}; ${result?.status ?? 'no result'}`
}
