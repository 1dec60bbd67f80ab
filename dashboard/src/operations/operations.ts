// The state of the ledger that is shown.
import { OperationsDocument, type OperationsQuery } from '../api/documents.generated.ts'
import { Polled } from '../api/polled.ts'
import { request } from '../api/request.ts'

export type State = NonNullable<OperationsQuery['operations']> & Pick<OperationsQuery, 'eventDelay'>

/** The caller must stop it. */
export function pollOperations(): Polled<State> {
  return new Polled(async (signal) => {
    const { operations, eventDelay } = await request(OperationsDocument, {}, { signal })
    return operations ? { ...operations, eventDelay } : undefined
  })
}
