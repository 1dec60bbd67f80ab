// About 200 sample jobs of a small company over the last month. Deterministic: depends only on the
// arguments.
import type { JobResultStatus, JobState } from '../../database/generated/enums.ts'
import type { Random } from './random.ts'

export interface SeedRecord {
  state: JobState
  at: number
  actor: string
  reason: string | null
  /** The error of the attempt that ended with this record. */
  error?: string | null
}

export interface SeedJob {
  createdAt: number
  userId: string
  content: string
  preset: string
  metadata: Record<string, unknown>
  records: SeedRecord[]
  deleted: boolean
  result?: {
    status: JobResultStatus
    output: unknown
    errorMessage: string | null
    processingTimeMs: number
    at: number
  }
}

interface Work {
  preset: string
  typicalMs: number
  content(random: Random): string
  output(random: Random): unknown
  errors: readonly string[]
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const USERS = ['ada', 'brandt', 'chioma', 'dmitri', 'elif', 'nightly-import']
const WORKERS = ['key:worker-1', 'key:worker-2', 'key:worker-3']

const WORK: readonly Work[] = [
  {
    preset: 'invoice-pdf',
    typicalMs: 4 * SECOND,
    content: (random) => `invoice ${random.integer(10_000, 99_999)}`,
    output: (random) => ({ pages: random.integer(1, 6), bytes: random.integer(40_000, 900_000) }),
    errors: ['The address of the customer is missing.', 'The template "invoice-2026" has no field "vat".'],
  },
  {
    preset: 'transcode-1080p',
    typicalMs: 9 * MINUTE,
    content: (random) => `s3://uploads/clip-${random.integer(1000, 9999)}.mov`,
    output: (random) => ({ seconds: random.integer(20, 1800), bitrate: 5_000_000 }),
    errors: ['The stream 0:1 ends after 12 s.', 'No space left on device.'],
  },
  {
    preset: 'import-orders',
    typicalMs: 90 * SECOND,
    content: (random) => `orders-2026-${String(random.integer(1, 12)).padStart(2, '0')}.csv`,
    output: (random) => ({ rows: random.integer(100, 20_000), skipped: random.integer(0, 12) }),
    errors: ['Line 1207: "12,50" is not a number.', 'The connection to the shop was reset.'],
  },
  {
    preset: 'thumbnails',
    typicalMs: 700,
    content: (random) => `gallery ${random.integer(1, 400)}`,
    output: (random) => ({ images: random.integer(3, 80) }),
    errors: ['The file IMG_2231.HEIC is not an image.'],
  },
]

type LifeCycle = (story: Story) => void

/** Number of jobs by life cycle. Every state and every transition occurs. */
const LIFE_CYCLES: readonly [count: number, lifeCycle: LifeCycle, recent?: boolean][] = [
  [112, (story) => story.start().complete()],
  [14, (story) => story.start().fail().retry().start().complete()],
  [18, (story) => story.start().fail()],
  [6, (story) => story.start().timeOut()],
  [4, (story) => story.start().fail().retry().start().fail()],
  [8, (story) => story.start().release().start().complete()],
  [8, (story) => story.cancel('not needed any more')],
  [5, (story) => story.start().cancel('stopped by its owner')],
  [5, (story) => story.start().complete().delete()],
  [2, (story) => story.start().fail().delete()],
  [2, (story) => story.cancel('ordered twice').delete()],
  [9, (story) => story, true],
  [4, (story) => story.start(), true],
  [3, (story) => story.start()],
]

/**
 * Jobs created in the 30 days before `now` (milliseconds), ordered by creation. Nothing is later
 * than `now`.
 */
export function sampleJobs(now: number, random: Random): SeedJob[] {
  return LIFE_CYCLES.flatMap(([count, lifeCycle, recent]) =>
    Array.from({ length: count }, () => {
      const work = random.pick(WORK)
      const createdAt = recent ? now - random.integer(MINUTE, 20 * MINUTE) : workingHour(now, random)
      const story = new Story(work, createdAt, { now, random })
      lifeCycle(story)
      return story.job
    }),
  ).sort((a, b) => a.createdAt - b.createdAt)
}

/** A time two days to a month ago, mostly during working hours. */
function workingHour(now: number, random: Random): number {
  for (;;) {
    const at = now - random.integer(2 * DAY, 30 * DAY)
    const date = new Date(at)
    const busy = date.getUTCHours() >= 7 && date.getUTCHours() < 19 && date.getUTCDay() % 6 !== 0
    if (busy || random.next() < 0.15) return at
  }
}

/** Builds the history of one job step by step. */
class Story {
  readonly job: SeedJob
  private readonly work: Work
  private readonly random: Random
  private readonly now: number
  private readonly worker: string

  constructor(work: Work, createdAt: number, { now, random }: { now: number; random: Random }) {
    this.work = work
    this.random = random
    this.now = now
    this.worker = random.pick(WORKERS)
    const userId = random.pick(USERS)
    this.job = {
      createdAt,
      userId,
      content: work.content(random),
      preset: work.preset,
      metadata: {
        priority: random.pick(['low', 'normal', 'normal', 'high']),
        source: random.pick(['web', 'api', 'cron']),
      },
      records: [{ state: 'PENDING', at: createdAt, actor: `user:${userId}`, reason: null }],
      deleted: false,
    }
  }

  start(): this {
    return this.enter('PROCESSING', this.random.durationMs(20 * SECOND), this.worker, 'claimed')
  }

  complete(): this {
    const ms = this.random.durationMs(this.work.typicalMs)
    this.enter('COMPLETED', ms, this.worker, null)
    return this.setResult('SUCCESS', ms, this.work.output(this.random), null)
  }

  fail(): this {
    const ms = this.random.durationMs(this.work.typicalMs / 3)
    this.enter('FAILED', ms, this.worker, 'error')
    return this.setResult('ERROR', ms, null, this.random.pick(this.work.errors))
  }

  timeOut(): this {
    const ms = 15 * MINUTE
    this.enter('FAILED', ms, 'system:watchdog', 'took too long')
    return this.setResult('TIMEOUT', ms, null, 'No result after 15 minutes.')
  }

  retry(): this {
    return this.enter('PENDING', this.random.durationMs(4 * MINUTE), `user:${this.job.userId}`, 'try again')
  }

  release(): this {
    return this.enter('PENDING', this.random.durationMs(this.work.typicalMs / 2), this.worker, 'worker shuts down')
  }

  cancel(reason: string): this {
    return this.enter('CANCELLED', this.random.durationMs(3 * MINUTE), `user:${this.job.userId}`, reason)
  }

  delete(): this {
    this.job.deleted = true
    return this.enter('CANCELLED', this.random.durationMs(HOUR), 'system:retention', 'older than agreed')
  }

  private enter(state: JobState, afterMs: number, actor: string, reason: string | null): this {
    const last = this.job.records.at(-1) as SeedRecord
    this.job.records.push({ state, at: Math.min(last.at + afterMs, this.now), actor, reason })
    return this
  }

  private setResult(
    status: JobResultStatus,
    processingTimeMs: number,
    output: unknown,
    errorMessage: string | null,
  ): this {
    const last = this.job.records.at(-1) as SeedRecord
    last.error = errorMessage
    const { at } = last
    this.job.result = { status, output, errorMessage, processingTimeMs, at }
    return this
  }
}
