// Gives each item of a batch its own result: invalid items get their errors, all others go to the
// database together.
import { InvalidInputError } from './errors.ts'
import { InputCheck } from './inputCheck.ts'
import type { Ledger } from './ledger.ts'

/**
 * A validated batch. `process` passes the valid items to `run`, which returns one result for each,
 * in order. It returns the results of all items, in order.
 *
 * @throws InvalidInputError if the batch is empty or has more than `batchItems` items
 */
export function batchOf<Input>(
  ledger: Ledger,
  inputs: Input[],
  checkItem: (check: InputCheck, input: Input) => unknown,
) {
  const size = new InputCheck(ledger.limits)
  if (inputs.length < 1 || inputs.length > ledger.limits.batchItems) {
    size.addIssue('inputs', `must have 1 to ${ledger.limits.batchItems} items (got ${inputs.length}).`)
  }
  size.throwIfAny()
  const errors = inputs.map((input) => {
    const check = new InputCheck(ledger.limits)
    checkItem(check, input)
    return check.issues.length > 0 ? new InvalidInputError(check.issues) : undefined
  })
  return {
    async process<Result>(run: (valid: Input[]) => Promise<Result[]>): Promise<(Result | InvalidInputError)[]> {
      const valid = inputs.filter((_, index) => errors[index] === undefined)
      const results = valid.length > 0 ? await run(valid) : []
      let next = 0
      return errors.map((error) => error ?? (results[next++] as Result))
    },
  }
}
