// Counts the words of web pages: the content of each job is an address.
import { runWorker } from 'jobledger/worker'

await runWorker({
  url: process.env.JOBLEDGER_URL ?? 'http://localhost:4000/graphql',
  token: process.env.JOBLEDGER_TOKEN,
  presets: ['word-count'],
  concurrency: 4,
  async handle(job, { signal }) {
    const response = await fetch(job.content, { signal })
    if (!response.ok) throw new Error(`${job.content} answered with status ${response.status}`)
    const text = await response.text()
    return { words: text.split(/\s+/).filter(Boolean).length }
  },
  onEvent(event) {
    console.log(event.type, 'job' in event ? event.job.jobId : '')
  },
})
