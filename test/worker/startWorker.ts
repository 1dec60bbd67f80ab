// Starts workers in this process, stops them after each test, and creates their jobs.
import type { Job } from '../../src/database/generated/client.ts'
import type { CreateJobInput } from '../../src/ledger/createJob.ts'
import { runWorker, type WorkerEvent, type WorkerOptions } from '../../src/worker/runWorker.ts'
import { newJob } from '../support/factories.ts'
import type { TestServer } from '../support/server.ts'

export interface TestWorker {
  readonly events: readonly WorkerEvent[]
  /** Settles as runWorker does. */
  readonly done: Promise<void>
  /** The events of one type. */
  of<Type extends WorkerEvent['type']>(type: Type): Extract<WorkerEvent, { type: Type }>[]
  /** Requests a stop and waits for the end. */
  stop(): Promise<void>
}

const running = new Set<TestWorker>()

/** For afterEach: stops the workers that a test left running. */
export async function stopWorkers(): Promise<void> {
  await Promise.allSettled([...running].map((worker) => worker.stop()))
}

export function startWorker(options: WorkerOptions): TestWorker {
  const events: WorkerEvent[] = []
  const stopping = new AbortController()
  const done = runWorker({
    pollMs: 50,
    drainMs: 1000,
    onSignals: [],
    ...options,
    signal: stopping.signal,
    onEvent(event) {
      events.push(event)
      options.onEvent?.(event)
    },
  })
  const worker: TestWorker = {
    events,
    done,
    of: <Type extends WorkerEvent['type']>(type: Type) =>
      events.filter((event): event is Extract<WorkerEvent, { type: Type }> => event.type === type),
    stop() {
      stopping.abort()
      return done
    },
  }
  running.add(worker)
  void done.catch(() => undefined).finally(() => running.delete(worker))
  return worker
}

export function endpointOf(server: Pick<TestServer, 'url'>): string {
  return `${server.url}/graphql`
}

/** Creates jobs, in the order in which they are claimed. */
export async function newJobs(server: TestServer, count: number, input: Partial<CreateJobInput> = {}): Promise<Job[]> {
  const jobs: Job[] = []
  for (let n = 1; n <= count; n += 1) jobs.push(await newJob(server.ledger, { content: `work ${n}`, ...input }))
  return jobs
}

/** The current job with its result. */
export function stored(server: TestServer, { id }: Pick<Job, 'id'>) {
  return server.ledger.prisma.job.findUniqueOrThrow({ where: { id }, include: { result: true } })
}

/** Blocks handlers until the test opens the gate. */
export function newGate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}
