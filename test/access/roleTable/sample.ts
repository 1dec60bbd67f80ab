// What a cell of the role table is tried with.
import type { Operation } from '../../../src/access/roles.ts'
import type { Ledger } from '../../../src/ledger/ledger.ts'

export interface Target {
  readonly jobId: string
  readonly owner: string
}

export interface Sample {
  readonly operation: Operation
  /** The operation that reads the object of the field, for fields below the root. */
  readonly below?: Operation
  /** The state of the job that it is tried on. */
  readonly state: 'PENDING' | 'PROCESSING' | 'FAILED'
  readonly query: string
  variables(target: Target, ledger: Ledger): object | Promise<object>
  /** Whether the answer shows or changed the target. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of every form
  reached(answer: any, target: Target): boolean
}

export const byId = ({ jobId }: Target) => ({ id: jobId })
export const byOwner = ({ owner }: Target) => ({ owner })
const isThere = (answer: unknown): boolean => answer !== null
export const lists = (answer: { nodes: { id: string }[] }, { jobId }: Target) =>
  answer.nodes.some(({ id }) => Buffer.from(id, 'base64').toString() === `Job:${jobId}`)
export const succeeded = (answer: { __typename: string }): boolean => answer.__typename.endsWith('Success')
export const everySucceeded = (answers: { __typename: string }[]): boolean => answers.every(succeeded)

export const WORK: Operation = 'jobs:work'

export function reading(query: string, sample: Partial<Sample> = {}): Sample {
  return { operation: 'jobs:read', state: 'PROCESSING', query, variables: byId, reached: isThere, ...sample }
}

/** A transition, once as `transitionJob` and once in a batch. */
export function moving(operation: Operation, state: Sample['state'], to: string): [one: Sample, many: Sample] {
  const sample = { operation, state, variables: byId }
  const input = `{ jobId: $id, to: ${to}, expectedState: ${state} }`
  return [
    {
      ...sample,
      query: `mutation ($id: ID!) { it: transitionJob(input: ${input}) { __typename } }`,
      reached: succeeded,
    },
    {
      ...sample,
      query: `mutation ($id: ID!) { it: transitionJobs(inputs: [${input}]) { __typename } }`,
      reached: everySucceeded,
    },
  ]
}
