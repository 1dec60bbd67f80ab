// Prints every job that fails, and keeps its checkpoint in a file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { followJobEvents } from 'jobledger/events'

const CHECKPOINT_FILE = process.env.CHECKPOINT_FILE ?? 'events.cursor'

const events = followJobEvents({
  url: process.env.JOBLEDGER_URL ?? 'http://localhost:4000/graphql',
  token: process.env.JOBLEDGER_TOKEN,
  after: existsSync(CHECKPOINT_FILE) ? readFileSync(CHECKPOINT_FILE, 'utf8') : undefined,
  filter: { newStates: ['FAILED'] },
  onInterruption: ({ message }) => console.error(message),
})
for await (const { cursor, record } of events) {
  console.log(`${record.job.jobId} of ${record.job.userId} failed: ${record.error}`)
  writeFileSync(CHECKPOINT_FILE, cursor)
}
