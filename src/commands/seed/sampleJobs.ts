// About 200 jobs as a small company might have had them over the last month. Pure: what comes out depends on the arguments alone.
import type { JobResultStatus, JobState } from '../../database/generated/enums.ts'
import type { Random } from './random.ts'

export interface SeedRecord {
  state: JobState
  at: number
  actor: string
  reason: string | null
  /** Of the attempt that ended with it. */
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
    content: (random) => `invoice ${random.whole(10_000, 99_999)}`,
    output: (random) => ({ pages: random.whole(1, 6), bytes: random.whole(40_000, 900_000) }),
    errors: ['The address of the customer is missing.', 'The template "invoice-2026" has no field "vat".'],
  },
  {
    preset: 'transcode-1080p',
    typicalMs: 9 * MINUTE,
    content: (random) => `s3://uploads/clip-${random.whole(1000, 9999)}.mov`,
    output: (random) => ({ seconds: random.whole(20, 1800), bitrate: 5_000_000 }),
    errors: ['The stream 0:1 ends after 12 s.', 'No space left on device.'],
  },
  {
    preset: 'import-orders',
    typicalMs: 90 * SECOND,
    content: (random) => `orders-2026-${String(random.whole(1, 12)).padStart(2, '0')}.csv`,
    output: (random) => ({ rows: random.whole(100, 20_000), skipped: random.whole(0, 12) }),
    errors: ['Line 1207: "12,50" is not a number.', 'The connection to the shop was reset.'],
  },
  {
    preset: 'thumbnails',
    typicalMs: 700,
    content: (random) => `gallery ${random.whole(1, 400)}`,
    output: (random) => ({ images: random.whole(3, 80) }),
    errors: ['The file IMG_2231.HEIC is not an image.'],
  },
]

type Life = (story: Story) => void

/** How many jobs have had which life. Every state occurs, and every transition of the state machine. */
const LIVES: readonly [count: number, life: Life, recent?: boolean][] = [
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

/** Jobs created in the thirty days before `now` (milliseconds), in order of creation. Nothing in them is later than `now`. */
export function sampleJobs(now: number, random: Random): SeedJob[] {
  return LIVES.flatMap(([count, life, recent]) =>
    Array.from({ length: count }, () => {
      const work = random.pick(WORK)
      const createdAt = recent ? now - random.whole(MINUTE, 20 * MINUTE) : workingHour(now, random)
      const story = new Story(work, createdAt, { now, random })
      life(story)
      return story.job
    }),
  ).sort((a, b) => a.createdAt - b.createdAt)
}

/** An instant two days to a month ago: mostly by day, mostly on weekdays. */
function workingHour(now: number, random: Random): number {
  for (;;) {
    const at = now - random.whole(2 * DAY, 30 * DAY)
    const date = new Date(at)
    const busy = date.getUTCHours() >= 7 && date.getUTCHours() < 19 && date.getUTCDay() % 6 !== 0
    if (busy || random.next() < 0.15) return at
  }
}

/** The life of one job, told step by step. */
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
    return this.bring('SUCCESS', ms, this.work.output(this.random), null)
  }

  fail(): this {
    const ms = this.random.durationMs(this.work.typicalMs / 3)
    this.enter('FAILED', ms, this.worker, 'error')
    return this.bring('ERROR', ms, null, this.random.pick(this.work.errors))
  }

  timeOut(): this {
    const ms = 15 * MINUTE
    this.enter('FAILED', ms, 'system:watchdog', 'took too long')
    return this.bring('TIMEOUT', ms, null, 'No result after 15 minutes.')
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

  private bring(status: JobResultStatus, processingTimeMs: number, output: unknown, errorMessage: string | null): this {
    const last = this.job.records.at(-1) as SeedRecord
    last.error = errorMessage
    const { at } = last
    this.job.result = { status, output, errorMessage, processingTimeMs, at }
    return this
  }
}
