// The jobs of an actor. They are polled, because changes by others take jobs from it.
import { ActorJobsDocument, type ActorJobsQuery } from '../api/documents.generated.ts'
import { Polled } from '../api/polled.ts'
import { request } from '../api/request.ts'
import { pageSize } from '../api/session.ts'

export type ActorJobs = ActorJobsQuery

const MAX_HELD = 20

/** The caller must stop it. */
export function pollActorJobs(actor: string): Polled<ActorJobs> {
  const held = { actor, states: ['PROCESSING' as const] }
  return new Polled((signal) =>
    request(ActorJobsDocument, { changed: { actor }, held, first: pageSize(MAX_HELD) }, { signal }),
  )
}
