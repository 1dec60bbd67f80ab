// `jobledger jobs outcomes`: what a bulk action did with each of its jobs.
import { BulkJobOutcomesDocument, type BulkJobOutcomesQuery } from '../../client/documents.generated.ts'
import { readClientConfig } from '../../config.ts'
import { UUID } from '../../database/uuid.ts'
import { apiSender } from '../apiSender.ts'
import { print } from '../output.ts'
import { UsageError } from '../program/usageError.ts'
import { tableText } from '../table.ts'
import { type PageStart, rowsOfPages } from './rowsOfPages.ts'

/** By the values of the option. */
const OUTCOMES = { done: 'DONE', refused: 'REFUSED', 'not-processed': 'NOT_PROCESSED' } as const

export interface BulkOutcomesOptions {
  /** Only jobs with this outcome; by default all. */
  readonly outcome?: keyof typeof OUTCOMES
  /** Maximum number of jobs; by default all. */
  readonly limit?: number
  readonly json: boolean
  readonly url?: string
}

type Action = Extract<BulkJobOutcomesQuery['node'], { outcomes: unknown }>
type JobOutcome = Action['outcomes']['nodes'][number]

/**
 * Prints the jobs of a bulk action, oldest first. `id`: a global id or a UUID.
 *
 * @throws UsageError, OutputError
 */
export async function bulkOutcomes(id: string, { outcome, limit, json, url }: BulkOutcomesOptions): Promise<void> {
  const send = apiSender(readClientConfig(url))
  // Without its type, a UUID is the id of a job.
  const variables = {
    id: UUID.test(id) ? btoa(`BulkAction:${id}`) : id,
    outcome: outcome === undefined ? null : OUTCOMES[outcome],
  }
  const load = async (at: PageStart): Promise<Action['outcomes']> => {
    const { node } = await send(BulkJobOutcomesDocument, { ...variables, ...at })
    if (node === null || !('outcomes' in node)) throw new UsageError(`Bulk action ${id} does not exist.`)
    return node.outcomes
  }
  const jobs: JobOutcome[] = []
  for await (const job of rowsOfPages(load, limit)) {
    if (!json) jobs.push(job)
    else if (!(await print(JSON.stringify(job)))) return
  }
  if (!json) await print(jobs.length === 0 ? 'No job has this outcome.' : tableText(jobs.map(rowOf)))
}

function rowOf({ jobId, outcome, reason }: JobOutcome) {
  return { job: jobId, outcome, reason: reason ?? '' }
}
