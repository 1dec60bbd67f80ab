// A worker as a process of its own, for the kill tests: `workerProcess.ts ENDPOINT NAME SEED`.
// Writes the events of its jobs to stdout, one line of JSON each.
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { randomFrom } from '../src/commands/seed/random.ts'
import { runWorker } from '../src/worker/runWorker.ts'

const [url = '', name = '', seed = '0'] = process.argv.slice(2)
const random = randomFrom(Number(seed))

/** Share of jobs that fail and are retried. */
const FAILURES = 0.02

await runWorker({
  url,
  // A different name for each process: a new worker does not inherit the claims of a killed one.
  workerId: `${name}:${process.pid}`,
  concurrency: 10,
  leaseSeconds: 3,
  pollMs: 100,
  async handle(job) {
    const durationMs = random.integer(1, 15)
    const fails = random.next() < FAILURES
    await pause(durationMs)
    if (fails) throw new Error('This work fails sometimes.')
    return { content: job.content }
  },
  onEvent(event) {
    const of = 'job' in event ? { jobId: event.job.jobId, version: event.job.version } : {}
    console.log(JSON.stringify({ type: event.type, ...of }))
  },
})
