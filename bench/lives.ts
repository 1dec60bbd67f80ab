// The life cycles of the jobs of the data set. Any hundred consecutive jobs have the hundred life
// cycles below, with 400 records. Pure.
import type { JobState } from '../src/database/generated/enums.ts'

interface Life {
  /** Number of jobs of a hundred. */
  readonly share: number
  readonly states: readonly JobState[]
  /** Whether the last record is the deletion. */
  readonly isDeleted?: boolean
}

const DONE = ['PENDING', 'PROCESSING', 'COMPLETED'] as const
const FAILED = ['PENDING', 'PROCESSING', 'FAILED'] as const
const RELEASED = ['PENDING', 'PROCESSING'] as const

const LIVES: readonly Life[] = [
  { share: 33, states: DONE },
  { share: 27, states: [...RELEASED, ...DONE] },
  { share: 14, states: [...FAILED, ...DONE] },
  { share: 4, states: FAILED },
  { share: 3, states: [...FAILED, ...FAILED] },
  { share: 5, states: ['PENDING', 'CANCELLED'] },
  { share: 3, states: [...RELEASED, 'PENDING', 'CANCELLED'] },
  { share: 3, states: [...DONE, 'CANCELLED'], isDeleted: true },
  { share: 3, states: ['PENDING'] },
  { share: 3, states: [...RELEASED, 'PENDING'] },
  { share: 1, states: [...RELEASED, 'PENDING', 'PROCESSING'] },
  { share: 1, states: RELEASED },
]

/**
 * The life cycles of a hundred jobs as rows of SQL, numbered from 0: what the guards would have
 * written into the row of each job.
 */
export function livesAsValues(): string {
  return LIVES.flatMap((life) => Array.from({ length: life.share }, () => life))
    .map((life, index) => `(${[index, ...columnsOf(life)].join(', ')})`)
    .join(', ')
}

/** Names the columns of livesAsValues. Positions count from 1. Null: the record does not exist. */
export const LIFE_COLUMNS = 'life, states, is_deleted, attempts, releases, started_position, completed_position'

function columnsOf({ states, isDeleted = false }: Life): string[] {
  const started = states.findLastIndex((state) => state === 'PROCESSING' || state === 'PENDING')
  const ended = states.findIndex((state, index) => index > started && !['PENDING', 'PROCESSING'].includes(state))
  const releases = states.filter((state, index) => state === 'PROCESSING' && states[index + 1] === 'PENDING')
  return [
    `'{${states.join(',')}}'::job_state[]`,
    String(isDeleted),
    String(states.filter((state) => state === 'PROCESSING').length),
    String(releases.length),
    states[started] === 'PROCESSING' ? String(started + 1) : 'null::integer',
    ended === -1 ? 'null::integer' : String(ended + 1),
  ]
}
