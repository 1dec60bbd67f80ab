// Answers each item of a batch for itself: items with faults are answered by their faults, the others go to the database together.
import { InvalidInputError } from './errors.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'

/**
 * A checked batch. `answer` hands the items without faults to `run`, which returns one answer for each, in order, and returns the
 * answers to all items, in order.
 *
 * @throws InvalidInputError if there are no items or more than `batchItems`.
 */
export function batchOf<Input>(
  ledger: Ledger,
  inputs: Input[],
  checkItem: (check: InputCheck, input: Input) => unknown,
) {
  const size = new InputCheck(ledger.limits)
  if (inputs.length < 1 || inputs.length > ledger.limits.batchItems) {
    size.addIssue('inputs', `must be 1 to ${ledger.limits.batchItems} items; ${inputs.length} came.`)
  }
  size.throwIfAny()
  const faults = inputs.map((input) => {
    const check = new InputCheck(ledger.limits)
    checkItem(check, input)
    return check.issues.length > 0 ? new InvalidInputError(check.issues) : undefined
  })
  return {
    async answer<Answer>(run: (accepted: Input[]) => Promise<Answer[]>): Promise<(Answer | InvalidInputError)[]> {
      const accepted = inputs.filter((_, index) => faults[index] === undefined)
      const answers = accepted.length > 0 ? await run(accepted) : []
      let next = 0
      return faults.map((fault) => fault ?? (answers[next++] as Answer))
    },
  }
}
