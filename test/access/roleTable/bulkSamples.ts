// How the fields about bulk actions are tried.
import type { Ledger } from '../../../src/ledger/ledger.ts'
import { startBulkAction } from '../../../src/ledger/startBulkAction.ts'
import { byId, reading, type Sample, type Target } from './sample.ts'

/** A bulk action that was limited to the jobs of the owner of the target. */
async function ofOwner({ jobId, owner }: Target, ledger: Ledger): Promise<{ id: string }> {
  const filter = { ids: [jobId], ownerId: owner }
  const request = { action: 'CANCEL', filter, reason: jobId, actor: `user:${jobId}`, expectedCount: 1 } as const
  return { id: (await startBulkAction(ledger, request)).bulkAction.id }
}

export const BULK_SAMPLES: Record<string, Sample[]> = {
  'Query.bulkActions': [
    reading('{ it: bulkActions(first: 100) { nodes { reason } } }', {
      variables: ofOwner,
      reached: ({ nodes }: { nodes: { reason: string }[] }, { jobId }) => nodes.some(({ reason }) => reason === jobId),
    }),
  ],
  'Mutation.startBulkAction': [
    {
      operation: 'bulk:run',
      state: 'PENDING',
      query: `mutation ($id: ID!) { it: startBulkAction(input: { action: DELETE, filter: { ids: [$id] }, reason: "x" }) {
        ... on BulkActionPreview { matched } } }`,
      variables: byId,
      reached: ({ matched }) => matched === 1,
    },
  ],
  'Mutation.abortBulkAction': [
    {
      operation: 'bulk:run',
      state: 'PENDING',
      query: 'mutation ($id: ID!) { it: abortBulkAction(id: $id) { state } }',
      variables: ofOwner,
      reached: (action) => action?.state === 'ABORTED',
    },
  ],
}
