import { JobContentsDocument, type JobContentsQuery } from './documents.generated.ts'
import { request } from './request.ts'

/**
 * The contents of jobs, by job id. A content may be as large as a response may be: lists omit those
 * that are refused.
 */
export async function loadJobContents(
  ids: readonly string[],
  options: { readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map()
  const load = request(JobContentsDocument, { ids: [...ids] }, options)
  const { nodes } = await load.catch((): JobContentsQuery => ({ nodes: [] }))
  const jobs = nodes.flatMap((node) => (node !== null && 'content' in node ? [node] : []))
  return new Map(jobs.map(({ jobId, content }) => [jobId, content]))
}

/** What a list shows of a content. Without one, the end of the id. */
export function shownContent(jobId: string, content: string | undefined): string {
  return content?.slice(0, MAX_SHOWN_CHARACTERS) || `Job …${jobId.slice(-12)}`
}

const MAX_SHOWN_CHARACTERS = 200
