// Writing, compared with the statement that a program without the API would send: through pg with
// prepared statements on as many connections, and through pgbench.
import type pg from 'pg'
import type { BenchCase } from '../benchCase.ts'
import { WrongResponseError } from '../benchError.ts'
import { type Contender, loopContender } from '../contender.ts'
import type { HttpTarget } from '../httpTarget.ts'
import { pgbenchContender } from '../pgbench.ts'
import { BENCH_USER, countWritten, DrivenJobs, fillQueue, type Move } from '../writtenJobs.ts'
import { CLAIM_SCRIPT, CREATE_SCRIPT, transitionScript, transitionsScript } from './pgbenchScripts.ts'
import { CLAIM, COMPLETE, CREATE, TRANSITION, TRANSITIONS } from './writeSql.ts'

export interface WriteTargets {
  readonly server: HttpTarget
  readonly databaseUrl: string
  /** For setup and cleanup. */
  readonly client: pg.Client
  /** As many connections as callers. */
  readonly pool: pg.Pool
  readonly callers: number
  readonly hasPgbench: boolean
}

const BATCH = 50
const JOBS_PER_CALLER = 300
/** More jobs than the contenders claim per second. */
const QUEUED_PER_SECOND = 6000
const ACTOR = 'user:dev'
const METADATA = { source: 'benchmark' }

interface Answer<Field extends string, Type> {
  readonly data: Readonly<Record<Field, Type>>
}

type Job = Readonly<{ jobId: string; version: number; userId: string }>
type Outcome = Readonly<{ __typename: string; job?: Job }>

const MOVE = `mutation Move($input: TransitionJobInput!) {
  transitionJob(input: $input) { __typename ... on TransitionJobSuccess { job { jobId version state } } } }`
const MOVES = `mutation Moves($inputs: [TransitionJobInput!]!) {
  transitionJobs(inputs: $inputs) { __typename ... on TransitionJobSuccess { job { jobId version state } } } }`
const CREATES = `mutation Create($input: CreateJobInput!) {
  createJob(input: $input) { __typename ... on CreateJobSuccess { job { jobId version userId } } } }`
const CLAIMS = `mutation Claim($input: ClaimJobsInput!) {
  claimJobs(input: $input) { __typename ... on ClaimJobsSuccess { jobs { jobId version userId } } } }`
const COMPLETES = `mutation Complete($input: CompleteJobInput!) {
  completeJob(input: $input) { __typename ... on TransitionJobSuccess { job { jobId version userId } } } }`

export const WRITE_CASES = ['create', 'transition', 'batch', 'claim'] as const

export function writeCases(targets: WriteTargets, isWanted: (name: string) => boolean): (() => Promise<BenchCase>)[] {
  const all: Record<(typeof WRITE_CASES)[number], () => Promise<BenchCase>> = {
    create: async () => createCase(targets),
    transition: () => movesCase(targets, { name: 'transition', title: 'one transition', batch: 1 }),
    batch: () => movesCase(targets, { name: 'batch', title: `batch of ${BATCH} transitions`, batch: BATCH }),
    claim: async () => claimCase(targets),
  }
  return Object.entries(all).flatMap(([name, make]) => (isWanted(name) ? [make] : []))
}

type WriteCase = Pick<BenchCase, 'name' | 'title'>

function writeCase(
  { callers, hasPgbench }: WriteTargets,
  about: WriteCase,
  contenders: [Contender, Contender, Contender],
): BenchCase {
  const [subject, viaPg, viaPgbench] = contenders
  return {
    ...about,
    callers,
    measure: 'requests/s',
    subject,
    references: hasPgbench ? [viaPg, viaPgbench] : [viaPg],
    missing: hasPgbench ? undefined : 'pgbench',
  }
}

async function movesCase(
  targets: WriteTargets,
  { batch, ...about }: WriteCase & { batch: number },
): Promise<BenchCase> {
  const { server, pool, client, callers, databaseUrl } = targets
  const drive = async (name: string, make: (moves: Move[]) => Promise<(number | undefined)[]>): Promise<Contender> => {
    const jobs = await DrivenJobs.make(client, callers, JOBS_PER_CALLER)
    return loopContender({
      name,
      pid: name === 'jobledger' ? server.pid : undefined,
      callers,
      async operation(caller) {
        const moves = jobs.moves(caller, batch)
        jobs.settle(caller, moves, await make(moves))
      },
      verify: () => jobs.verify(),
    })
  }
  const bench = await DrivenJobs.make(client, callers, JOBS_PER_CALLER)
  const script = batch === 1 ? transitionScript(bench) : transitionsScript(bench, batch)
  return writeCase(targets, about, [
    await drive('jobledger', (moves) => (batch === 1 ? moveByApi(server, moves) : moveAllByApi(server, moves))),
    await drive('pg', (moves) => (batch === 1 ? moveByPg(pool, moves) : moveAllByPg(pool, moves))),
    pgbenchContender({ databaseUrl, callers, script }),
  ])
}

async function moveByApi(server: HttpTarget, moves: readonly Move[]): Promise<(number | undefined)[]> {
  const variables = { input: inputsOf(moves)[0] }
  const text = await server.send(JSON.stringify({ query: MOVE, variables }))
  const { data } = JSON.parse(text) as Answer<'transitionJob', Outcome>
  return [data.transitionJob.job?.version]
}

async function moveAllByApi(server: HttpTarget, moves: readonly Move[]): Promise<(number | undefined)[]> {
  const text = await server.send(JSON.stringify({ query: MOVES, variables: { inputs: inputsOf(moves) } }))
  const { data } = JSON.parse(text) as Answer<'transitionJobs', Outcome[]>
  return data.transitionJobs.map(({ job }) => job?.version)
}

async function moveByPg(pool: pg.Pool, moves: readonly Move[]): Promise<(number | undefined)[]> {
  const [{ job, to }] = moves as [Move]
  const sources = to === 'PENDING' ? ['PROCESSING', 'FAILED'] : ['PENDING']
  const values = [job.id, to, sources, ACTOR]
  const { rows } = await pool.query<{ version: number }>({ name: 'transition', text: TRANSITION, values })
  return [rows[0]?.version]
}

async function moveAllByPg(pool: pg.Pool, moves: readonly Move[]): Promise<(number | undefined)[]> {
  const values = [JSON.stringify(inputsOf(moves)), ACTOR]
  const { rows } = await pool.query<{ applied: boolean; version: number }>({
    name: 'transitions',
    text: TRANSITIONS,
    values,
  })
  return rows.map(({ applied, version }) => (applied ? version : undefined))
}

function inputsOf(moves: readonly Move[]): { jobId: string; to: string }[] {
  return moves.map(({ job, to }) => ({ jobId: job.id, to }))
}

function createCase(targets: WriteTargets): BenchCase {
  const { server, pool, client, callers, databaseUrl } = targets
  const create = (name: string, make: () => Promise<number | undefined>): Contender => {
    let expected = 0
    return loopContender({
      name,
      pid: name === 'jobledger' ? server.pid : undefined,
      callers,
      prepare: async () => {
        expected = await countWritten(client)
      },
      async operation() {
        if ((await make()) !== 1) throw new WrongResponseError('the response has no new job')
        expected += 1
      },
      verify: async () => requireCount(expected, await countWritten(client)),
    })
  }
  const content = 's3://uploads/benchmark/clip.mov'
  const input = { userId: BENCH_USER, content, preset: 'created', metadata: METADATA }
  const operation = JSON.stringify({ query: CREATES, variables: { input } })
  const values = [BENCH_USER, content, 'created', METADATA, ACTOR]
  return writeCase(targets, { name: 'create', title: 'create one job' }, [
    create('jobledger', async () => {
      const { data } = JSON.parse(await server.send(operation)) as Answer<'createJob', Outcome>
      return data.createJob.job?.version
    }),
    create('pg', async () => {
      const { rows } = await pool.query<{ version: number }>({ name: 'create', text: CREATE, values })
      return rows[0]?.version
    }),
    pgbenchContender({ databaseUrl, callers, script: CREATE_SCRIPT }),
  ])
}

function requireCount(expected: number, found: number): void {
  if (found !== expected) throw new WrongResponseError(`the database has ${found} jobs (${expected} were confirmed)`)
}

function claimCase(targets: WriteTargets): BenchCase {
  const { server, pool, client, callers, databaseUrl } = targets
  const prepare = (seconds: number): Promise<void> =>
    fillQueue(client, Math.ceil(QUEUED_PER_SECOND * Math.max(1, seconds)))
  const work = (
    name: string,
    claim: () => Promise<Job | undefined>,
    complete: (job: Job) => Promise<Job | undefined>,
  ) => {
    let expected = 0
    return loopContender({
      name,
      pid: name === 'jobledger' ? server.pid : undefined,
      callers,
      prepare: async (seconds) => {
        await prepare(seconds)
        expected = await countWritten(client, 'COMPLETED')
      },
      async operation() {
        const job = await claim()
        if (job?.userId !== BENCH_USER) throw new WrongResponseError('the claim returned no job of the queue')
        const completed = await complete(job)
        if (completed?.jobId !== job.jobId || completed.version !== 3)
          throw new WrongResponseError('the job was not completed')
        expected += 1
      },
      verify: async () => requireCount(expected, await countWritten(client, 'COMPLETED')),
    })
  }
  return writeCase(targets, { name: 'claim', title: 'claim one job, then complete it' }, [
    work(
      'jobledger',
      () => claimByApi(server),
      (job) => completeByApi(server, job),
    ),
    work(
      'pg',
      () => claimByPg(pool),
      (job) => completeByPg(pool, job),
    ),
    pgbenchContender({ databaseUrl, callers, script: CLAIM_SCRIPT, prepare }),
  ])
}

async function claimByApi(server: HttpTarget): Promise<Job | undefined> {
  const text = await server.send(JSON.stringify({ query: CLAIMS, variables: { input: { workerId: 'bench' } } }))
  return (JSON.parse(text) as Answer<'claimJobs', { jobs?: Job[] }>).data.claimJobs.jobs?.[0]
}

async function completeByApi(server: HttpTarget, { jobId, version }: Job): Promise<Job | undefined> {
  const input = { jobId, expectedVersion: version, output: METADATA }
  const text = await server.send(JSON.stringify({ query: COMPLETES, variables: { input } }))
  return (JSON.parse(text) as Answer<'completeJob', Outcome>).data.completeJob.job
}

async function claimByPg(pool: pg.Pool): Promise<Job | undefined> {
  return jobOf(await pool.query({ name: 'claim', text: CLAIM, values: ['bench', ACTOR] }))
}

async function completeByPg(pool: pg.Pool, { jobId, version }: Job): Promise<Job | undefined> {
  return jobOf(await pool.query({ name: 'complete', text: COMPLETE, values: [jobId, version, ACTOR, METADATA] }))
}

function jobOf({ rows: [row] }: pg.QueryResult<{ id: string; version: number; user_id: string }>): Job | undefined {
  return row && { jobId: row.id, version: row.version, userId: row.user_id }
}
