// docs/ledger-format.md: the test vectors are what the server makes of these rows.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { RESULT_LEAF, STATE_LEAF } from '../../src/ledger/leaves.ts'
import { leafHash } from '../../src/proof/merkleHash.ts'
import { openTestLedger } from '../support/factories.ts'
import { leafData } from '../support/leafBytes.ts'

const page = readFileSync(new URL('../../docs/ledger-format.md', import.meta.url), 'utf8')
const vectors = page.slice(page.indexOf('## Test vectors'))
const rows = [...vectors.matchAll(/```json\n(.*?)```/gs)].map(([, json = '']) => JSON.parse(json))
const texts = [...vectors.matchAll(/```text\n(.*?)```/gs)].map(([, text = '']) => text)

const lines = (data: Buffer): string =>
  `data ${data.toString('hex').replaceAll(/.{80}(?=.)/g, '$&\n     ')}\nleaf ${leafHash(data).toString('hex')}\n`

describe('the test vectors', () => {
  it('are the leaves of their rows', async () => {
    const ledger = await openTestLedger()
    const session = await ledger.session()
    try {
      await session.query('SET session_replication_role = replica')
      const [{ job, ...state }, result] = rows
      const insert = async (table: string, row: object) =>
        await session.query(
          `INSERT INTO ${table} (${Object.keys(row).map((name) => `"${name}"`)}) SELECT ${Object.keys(row).map((name) => `"${name}"`)}
           FROM json_populate_record(NULL::${table}, $1)`,
          [JSON.stringify(row)],
        )
      const { metadata, ...others } = job
      const times = { created_at: state.timestamp, updated_at: state.timestamp, run_at: state.run_at }
      await session.query('ALTER TABLE jobs DROP CONSTRAINT ck_jobs_created_at_is_in_id')
      await insert('jobs', { id: state.job_id, ...times, ...others, metadata: JSON.parse(metadata) })
      await session.query('UPDATE jobs SET metadata = $1', [metadata])
      await insert('job_states', { ...state, state_metadata: JSON.parse(state.state_metadata) })
      await insert('job_result_records', { ...result, output: JSON.parse(result.output) })
      const read = async (leaf: string, table: string) =>
        (await session.query<{ data: Buffer }>(`SELECT ${leaf} AS data FROM ${table}`)).rows.map(({ data }) => data)
      const data = [...(await read(STATE_LEAF, 'job_states')), ...(await read(RESULT_LEAF, 'job_result_records'))]
      expect(data.map(lines)).toEqual(texts)
      expect(await leafData(session)).toEqual(data)
    } finally {
      await ledger.close()
    }
  })
})
