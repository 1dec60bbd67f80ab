import { useState } from 'preact/hooks'
import { messageOf } from '../api/request.ts'
import { Dialog } from '../view/dialog.tsx'
import { abortBulkAction, type BulkAction } from './bulkAction.ts'

interface AbortButtonProps {
  readonly action: BulkAction
  onDone(): void
}

/** Asks before it aborts. */
export function AbortButton({ action: { id }, onDone }: AbortButtonProps) {
  const [isAsking, setIsAsking] = useState(false)
  const [fault, setFault] = useState<string | undefined>(undefined)
  const [isBusy, setIsBusy] = useState(false)
  const close = (): void => setIsAsking(false)
  const abort = async (): Promise<void> => {
    setIsBusy(true)
    const refusal = await abortBulkAction(id).catch(messageOf)
    setIsBusy(false)
    setFault(refusal)
    if (refusal !== undefined) return
    close()
    onDone()
  }
  return (
    <>
      <button type="button" class="button button-danger" onClick={() => setIsAsking(true)}>
        Abort
      </button>
      {isAsking && (
        <Dialog title="Abort the bulk action?" onClose={close}>
          <div class="dialog-body">
            <p>It ends after its current batch. Jobs that were changed stay as they are; the others stay too.</p>
            <p class="fault" role="alert">
              {fault}
            </p>
            <div class="dialog-actions">
              <button type="button" class="button" onClick={close}>
                Let it run
              </button>
              <button type="button" class="button button-danger" disabled={isBusy} onClick={() => void abort()}>
                Abort
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  )
}
