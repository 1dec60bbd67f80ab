// The steps to a bulk action on all jobs of a list: action and reason, dry run, confirmation.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { BulkActionKind } from '../api/documents.generated.ts'
import { ApiError, messageOf } from '../api/request.ts'
import { bulkActionUrl } from '../paths.ts'
import { navigate } from '../router.ts'
import { viewer } from '../shell/viewer.ts'
import { announce } from '../view/announcements.tsx'
import { Dialog } from '../view/dialog.tsx'
import { uuidOf } from './bulkId.ts'
import { DryRunStep } from './dryRunStep.tsx'
import { bulkScope, jobsText, KINDS, kindsFor } from './kinds.ts'
import { type DryRun, dryRun, type Plan, startBulkAction } from './startBulk.ts'

interface BulkDialogProps {
  /** The address of the list. */
  readonly query: URLSearchParams
  onClose(): void
}

export function BulkDialog({ query, onClose }: BulkDialogProps) {
  const { plan, run, fault, isBusy, check, start, back } = useSteps(query, onClose)
  return (
    <Dialog
      title={run === undefined ? 'Act on all jobs of the list' : 'Dry run: nothing has changed yet'}
      onClose={onClose}
    >
      {run === undefined ? (
        <PlanStep plan={plan} fault={fault} isBusy={isBusy} onCheck={check} onClose={onClose} />
      ) : (
        <DryRunStep
          key={run.idempotencyKey}
          run={run}
          fault={fault}
          isBusy={isBusy}
          onStart={() => start(run)}
          onBack={back}
        />
      )}
    </Dialog>
  )
}

/** Where the dialog is. */
function useSteps(query: URLSearchParams, onClose: () => void) {
  const [plan, setPlan] = useState<Plan | undefined>(undefined)
  const [run, setRun] = useState<DryRun | undefined>(undefined)
  const [fault, setFault] = useState<string | undefined>(undefined)
  const [isBusy, setIsBusy] = useState(false)
  const isGone = useRef(false)
  useEffect(
    () => () => {
      isGone.current = true
    },
    [],
  )
  const attempt = async (step: () => Promise<void>): Promise<void> => {
    if (isBusy) return
    setIsBusy(true)
    await step().catch((error: unknown) => setFault(faultOf(error, run !== undefined)))
    setIsBusy(false)
  }
  const show = async (next: Plan, notice?: string): Promise<void> => {
    setPlan(next)
    const result = await dryRun(query, next)
    setFault(notice)
    setRun(result)
  }
  const begin = async (confirmed: DryRun): Promise<void> => {
    const started = await startBulkAction(confirmed)
    if ('actualCount' in started) return await show(confirmed, changedText(confirmed, started.actualCount))
    announce('The bulk action was started.')
    if (isGone.current) return
    onClose()
    navigate(bulkActionUrl(uuidOf(started.id)))
  }
  return {
    plan,
    run,
    fault,
    isBusy,
    check: (next: Plan) => void attempt(() => show(next)),
    start: (confirmed: DryRun) => void attempt(() => begin(confirmed)),
    back: () => {
      setFault(undefined)
      setRun(undefined)
    },
  }
}

function faultOf(error: unknown, isStart: boolean): string {
  const isLost = error instanceof ApiError && error.code === 'UNREACHABLE'
  return isLost && isStart ? `${error.message} Try again: the bulk action starts only once.` : messageOf(error)
}

function changedText({ preview }: DryRun, actualCount: number): string {
  return `Nothing was started: ${jobsText(preview.matched)} matched, now it is ${jobsText(actualCount)}. This is a new dry run.`
}

interface PlanStepProps {
  /** What was chosen before. */
  readonly plan: Plan | undefined
  readonly fault: string | undefined
  readonly isBusy: boolean
  onCheck(plan: Plan): void
  onClose(): void
}

function PlanStep({ plan, fault, isBusy, onCheck, onClose }: PlanStepProps) {
  const [missing, setMissing] = useState<string | undefined>(undefined)
  const kinds = kindsFor(viewer.value)
  const isOwn = viewer.value !== undefined && bulkScope(viewer.value) === 'own'
  const shownFault = missing ?? fault
  return (
    <form
      class="dialog-body"
      onSubmit={(event) => {
        event.preventDefault()
        const data = new FormData(event.currentTarget)
        const reason = String(data.get('reason') ?? '').trim()
        setMissing(reason === '' ? 'A reason is required: it becomes part of the history of each job.' : undefined)
        if (reason !== '') onCheck({ action: data.get('action') as BulkActionKind, reason })
      }}
    >
      <fieldset class="choices">
        <legend>Action</legend>
        {kinds.map((kind, index) => (
          <label key={kind} class="choice">
            <input
              type="radio"
              name="action"
              value={kind}
              defaultChecked={plan === undefined ? index === 0 : kind === plan.action}
            />
            <span>
              <strong>{KINDS[kind].label}</strong> <span class="muted">{KINDS[kind].consequence}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {isOwn && <p class="muted">Only your own jobs of the list are changed.</p>}
      <label class="field">
        <span>Reason</span>
        <textarea
          name="reason"
          rows={3}
          defaultValue={plan?.reason ?? ''}
          aria-invalid={shownFault !== undefined}
          aria-describedby="bulk-fault"
        />
      </label>
      <p id="bulk-fault" class="fault" role="alert">
        {shownFault}
      </p>
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
        <button type="submit" class="button button-primary" disabled={isBusy}>
          Dry run
        </button>
      </div>
    </form>
  )
}
