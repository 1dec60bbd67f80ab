// Records a job and its work directly in the database, without a server.
import { completeJob, connectLedger, createJob, getJobHistory, LedgerError, transitionJob } from 'jobledger/ledger'

const actor = 'reports'
const ledger = await connectLedger(process.env.DATABASE_URL as string)
const { job } = await createJob(ledger, { userId: 'ada', content: 'report.pdf', idempotencyKey: 'monday' }, actor)
try {
  const { id: jobId, version } = job
  const started = await transitionJob(ledger, { jobId, to: 'PROCESSING', actor, expectedVersion: version })
  await completeJob(ledger, { jobId, actor, output: { pages: 12 }, expectedVersion: started.version })
} catch (error) {
  if (!(error instanceof LedgerError)) throw error
  console.log(error.message) // for example that another program has done the work
}
const { rows } = await getJobHistory(ledger, job.id)
for (const { sequence, newState, actor } of rows) console.log(sequence, newState, actor)
await ledger.close()
