import { useState } from 'preact/hooks'
import { viewer } from '../shell/viewer.ts'
import { announce } from '../view/announcements.tsx'
import { Dialog } from '../view/dialog.tsx'
import { useShortcuts } from '../view/keys.ts'
import { type Action, actionsFor } from './actions.ts'
import type { Job } from './job.ts'

interface ActionButtonsProps {
  readonly job: Job
  /** Called after an action, also if it was refused: the job has changed meanwhile. */
  onDone(): void
}

const KEYS = { retry: 'e', release: 'l', cancel: 'c', delete: 'd' } as const

/** What the caller may do with the job now. */
export function ActionButtons({ job, onDone }: ActionButtonsProps) {
  const [chosen, setChosen] = useState<{ action: Action; seen: Job } | undefined>(undefined)
  const actions = actionsFor(viewer.value, job)
  const choose = (action: Action): void => setChosen({ action, seen: job })
  useShortcuts(
    actions.map((action) => ({
      key: KEYS[action.name],
      label: `${action.label}: this job`,
      run: () => choose(action),
    })),
  )
  return (
    <>
      {actions.map((action) => (
        <button
          key={action.name}
          type="button"
          class={action.isDangerous ? 'button button-danger' : 'button'}
          onClick={() => choose(action)}
        >
          {action.label}
        </button>
      ))}
      {chosen && (
        <ActionDialog action={chosen.action} job={chosen.seen} onDone={onDone} onClose={() => setChosen(undefined)} />
      )}
    </>
  )
}

interface ActionDialogProps extends ActionButtonsProps {
  readonly action: Action
  onClose(): void
}

/** Asks for the reason that the record will have. */
function ActionDialog({ action, job, onDone, onClose }: ActionDialogProps) {
  const [fault, setFault] = useState<string | undefined>(undefined)
  const [isBusy, setIsBusy] = useState(false)
  const confirm = async (reason: string): Promise<void> => {
    setIsBusy(true)
    const refusal = await action
      .run(job, reason)
      .catch((error: unknown) => String(error instanceof Error ? error.message : error))
    setIsBusy(false)
    onDone()
    setFault(refusal)
    if (refusal !== undefined) return
    announce(`${action.label}: done.`)
    onClose()
  }
  return (
    <Dialog title={`${action.label}?`} onClose={onClose}>
      <form
        class="dialog-body"
        onSubmit={(event) => {
          event.preventDefault()
          const reason = String(new FormData(event.currentTarget).get('reason') ?? '').trim()
          if (reason === '') setFault('A reason is required: it becomes part of the history.')
          else void confirm(reason)
        }}
      >
        <p>{action.consequence}</p>
        <label class="field">
          <span>Reason</span>
          <textarea name="reason" rows={3} aria-invalid={fault !== undefined} aria-describedby="action-fault" />
        </label>
        <p id="action-fault" class="fault" role="alert">
          {fault}
        </p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Keep as it is
          </button>
          <button type="submit" class="button button-primary" disabled={isBusy}>
            {action.label}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
