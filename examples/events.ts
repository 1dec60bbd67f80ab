// Tells of every job that fails, and remembers how far it has come.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { followJobEvents } from 'jobledger/events'

const PLACE = process.env.PLACE ?? 'events.cursor'

const events = followJobEvents({
  url: process.env.JOBLEDGER_URL ?? 'http://localhost:4000/graphql',
  token: process.env.JOBLEDGER_TOKEN,
  after: existsSync(PLACE) ? readFileSync(PLACE, 'utf8') : undefined,
  filter: { newStates: ['FAILED'] },
  onInterruption: ({ message }) => console.error(message),
})
for await (const { cursor, record } of events) {
  console.log(`${record.job.jobId} of ${record.job.userId} failed: ${record.error}`)
  writeFileSync(PLACE, cursor)
}
