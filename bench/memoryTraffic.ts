// The requests of the case `memory`: all kinds in turn, and every response is checked. Some
// documents are new, valid and invalid ones, so that caches of documents fill up and evict.
import type pg from 'pg'
import { WrongResponseError } from './benchError.ts'
import { HttpTarget } from './httpTarget.ts'
import { type Leaving, leave, MOVE, moveOf, type Question, Questions } from './memoryQuestions.ts'
import { DrivenJobs } from './writtenJobs.ts'

/** Share of each kind, of a hundred requests. */
const MIX = {
  job: 34,
  page: 14,
  'nested page': 6,
  'filtered page': 8,
  'new document': 10,
  counts: 2,
  'long way': 4,
  refused: 5,
  malformed: 4,
  'new wrong document': 3,
  transition: 4,
  create: 4,
  'client goes': 2,
} as const

type Kind = keyof typeof MIX

const DRIVEN_PER_CALLER = 100
const MAX_FAULTS = 5
/** Coprime to a hundred, so that kinds alternate. */
const STRIDE = 37

/** The kind of the next request. */
const KINDS = Object.entries(MIX).flatMap(([kind, share]) => Array.from({ length: share }, () => kind as Kind))

export class MemoryTraffic {
  readonly mix: Readonly<Record<string, number>> = MIX
  readonly faults: string[] = []
  /** Number of requests so far. */
  sent = 0
  private readonly target: HttpTarget
  private readonly questions: Questions
  private readonly driven: DrivenJobs
  private readonly callers: number

  private constructor(options: { target: HttpTarget; questions: Questions; driven: DrivenJobs; callers: number }) {
    this.target = options.target
    this.questions = options.questions
    this.driven = options.driven
    this.callers = options.callers
  }

  static async open(options: { endpoint: string; client: pg.Client; callers: number }): Promise<MemoryTraffic> {
    const { endpoint, client, callers } = options
    const questions = await Questions.about(client)
    const driven = await DrivenJobs.make(client, callers, DRIVEN_PER_CALLER)
    return new MemoryTraffic({ target: new HttpTarget(endpoint, callers), questions, driven, callers })
  }

  /**
   * Resolves when `count` requests in total were sent and got a response, or when there are too
   * many faults.
   */
  async sendUntil(count: number): Promise<void> {
    const call = async (caller: number): Promise<void> => {
      while (this.sent < count && this.faults.length < MAX_FAULTS) {
        const number = this.sent
        this.sent += 1
        const kind = KINDS[(number * STRIDE) % KINDS.length] as Kind
        await this.send(kind, number, caller).catch((error: Error) => this.faults.push(`${kind}: ${error.message}`))
      }
    }
    await Promise.all(Array.from({ length: this.callers }, (_, caller) => call(caller)))
  }

  /** Adds a fault if the database does not contain what was confirmed. */
  async verify(): Promise<void> {
    await this.driven.verify().catch((error: Error) => this.faults.push(error.message))
  }

  close(): void {
    this.target.close()
  }

  private async send(kind: Kind, number: number, caller: number): Promise<void> {
    if (kind === 'transition') return this.move(caller)
    if (kind === 'client goes') return leave(this.target.endpoint, LEAVINGS[number % LEAVINGS.length] as Leaving)
    await this.ask(this.questions[kind](number))
  }

  private async ask({ body, type, status = 200, expected }: Question): Promise<string> {
    const got = await this.target.post(body, type)
    if (got.status === status && got.text.includes(expected)) return got.text
    const wanted = `${status} with ${expected}`
    throw new WrongResponseError(`${body.slice(0, 200)}: ${got.status} ${got.text.slice(0, 300)} (expected ${wanted})`)
  }

  private async move(caller: number): Promise<void> {
    const moves = this.driven.moves(caller, 1)
    const body = JSON.stringify({ query: MOVE, variables: moveOf(moves) })
    const text = await this.ask({ body, expected: '"TransitionJobSuccess"' })
    const { data } = JSON.parse(text) as { data: { transitionJob: { job: { version: number } } } }
    this.driven.settle(caller, moves, [data.transitionJob.job.version])
  }
}

const LEAVINGS: readonly Leaving[] = ['while sending', 'while waiting', 'while subscribed']
