// Jobs with every kind of value that a response can have, also values that only other programs
// write.
import type pg from 'pg'
import { createJob } from '../../src/ledger/createJob.ts'
import { deleteJob } from '../../src/ledger/deleteJob.ts'
import { setJobResult } from '../../src/ledger/jobResult.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'

/** All control characters, quotes, characters of two and four bytes, and a line separator. */
const ODD_TEXT = `${Array.from({ length: 31 }, (_, code) => String.fromCharCode(code + 1)).join('')}"\\/\u007F\u0085äß\u2028💥`

const METADATA = [
  {},
  { source: 'api', batch: 7 },
  { b: { '10': 1, '2': [1, null, true, { deep: ODD_TEXT }] }, a: -0.5, empty: [], none: null },
  { text: 'a, b: c, "d": 1.0', [ODD_TEXT]: '' },
]

/** JSON that JavaScript reads or writes in another way than PostgreSQL. */
const FOREIGN_JSON = '{"big": 12345678901234567890, "huge": 1e400, "zero": 1.0, "tiny": 0.0000001, "10": 1, "9": 2}'

export interface VariedLedger {
  readonly jobIds: readonly string[]
}

/** `session` must be of the owner of the tables: it writes what the API would refuse. */
export async function fillVaried(ledger: Ledger, session: pg.Client): Promise<VariedLedger> {
  const jobIds: string[] = []
  for (const userId of ['ada', 'bob']) {
    for (let index = 0; index < 8; index += 1) jobIds.push(await newVariedJob(ledger, userId, index))
  }
  await session.query('UPDATE job_results SET output = $1::jsonb WHERE job_id = $2', [FOREIGN_JSON, jobIds[2]])
  await session.query(`UPDATE job_results SET output = 'null'::jsonb WHERE job_id = $1`, [jobIds[10]])
  return { jobIds }
}

async function newVariedJob(ledger: Ledger, userId: string, index: number): Promise<string> {
  const metadata = METADATA[index % METADATA.length]
  const preset = index % 3 === 0 ? undefined : `preset-${index % 3}`
  const content = index % 2 === 0 ? ODD_TEXT : `content ${index}`
  const { job } = await createJob(ledger, { userId, content, metadata, preset, priority: index - 4 }, `user:${userId}`)
  const jobId = job.id
  const actor = `key:worker-${index}`
  if (index === 0) return jobId
  await transitionJob(ledger, { jobId, to: 'PROCESSING', actor, reason: ODD_TEXT, metadata })
  if (index === 1) return jobId
  if (index === 7) {
    await deleteJob(ledger, { jobId, actor, reason: '' })
    return jobId
  }
  const to = index % 2 === 0 ? 'COMPLETED' : 'FAILED'
  const output = index === 3 ? undefined : { index, list: [metadata, ODD_TEXT] }
  const status = to === 'COMPLETED' ? 'SUCCESS' : 'ERROR'
  await setJobResult(ledger, { jobId, actor: 'user:ada', status, output, errorMessage: ODD_TEXT })
  await transitionJob(ledger, { jobId, to, actor, reason: 'done', metadata })
  if (index === 5) await transitionJob(ledger, { jobId, to: 'PENDING', actor, metadata })
  return jobId
}
