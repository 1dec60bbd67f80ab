// Reading, compared with PostGraphile on the same database: the same rows and the same fields,
// verified before the rounds.
import type pg from 'pg'
import type { BenchCase } from '../benchCase.ts'
import { WrongResponseError } from '../benchError.ts'
import { loopContender } from '../contender.ts'
import type { HttpTarget } from '../httpTarget.ts'
import { cursorOf } from './cursors.ts'

export interface ReadTargets {
  readonly server: HttpTarget
  /** Undefined: unavailable. */
  readonly postgraphile: HttpTarget | undefined
  readonly client: pg.Client
  readonly callers: number
  /** The depth of the deep page. */
  readonly depth: number
}

/** One way to query: the operations as JSON, and how to convert a response into the common form. */
interface Question {
  readonly operations: readonly string[]
  /** The jobs of a response. */
  jobsOf(data: unknown): unknown[]
}

// biome-ignore lint/suspicious/noExplicitAny: the responses of two servers, whose shapes are known from the queries below
type Data = any

const SAMPLED_JOBS = 500
/**
 * Every response is checked for its status and for errors. One of this many is parsed, and its rows
 * are counted.
 */
const PARSED_ONE_IN = 16

export const READ_CASES = ['typename', 'job', 'page', 'nested', 'deep-page'] as const

export function readCases(targets: ReadTargets, isWanted: (name: string) => boolean): (() => Promise<BenchCase>)[] {
  const all: Record<(typeof READ_CASES)[number], () => ReadCase | Promise<ReadCase>> = {
    typename,
    job: () => oneJob(targets.client),
    page,
    nested: nestedPage,
    'deep-page': () => deepPage(targets),
  }
  return Object.entries(all).flatMap(([name, make]) =>
    isWanted(name) ? [async () => readCase(targets, name, await make())] : [],
  )
}

interface ReadCase {
  readonly title: string
  /** Number of jobs per response. */
  readonly jobs: number
  readonly ours: Question
  readonly theirs: Question
}

function readCase(
  { server, postgraphile, callers }: ReadTargets,
  name: string,
  { title, jobs, ours, theirs }: ReadCase,
): BenchCase {
  const ask = (target: HttpTarget, who: string, { operations, jobsOf }: Question) => {
    let asked = 0
    return loopContender({
      name: who,
      pid: target.pid,
      callers,
      async operation() {
        const text = await target.send(operations[asked % operations.length] as string)
        asked += 1
        if (asked % PARSED_ONE_IN === 1) requireJobs(jobsOf(JSON.parse(text).data), jobs)
      },
    })
  }
  const verify = async (): Promise<void> => {
    const [own] = ours.operations
    const [other] = theirs.operations
    const response = ours.jobsOf(JSON.parse(await server.send(own as string)).data)
    requireJobs(response, jobs)
    if (postgraphile === undefined) return
    const expected = theirs.jobsOf(JSON.parse(await postgraphile.send(other as string)).data)
    if (JSON.stringify(response) !== JSON.stringify(expected)) {
      const begin = (value: unknown): string => JSON.stringify(value).slice(0, 300)
      throw new WrongResponseError(`the responses differ: ${begin(response)} and ${begin(expected)}`)
    }
  }
  return {
    ...{ name, title, callers, verify },
    measure: 'requests/s',
    subject: ask(server, 'jobledger', ours),
    references: postgraphile === undefined ? [] : [ask(postgraphile, 'PostGraphile', theirs)],
    missing: postgraphile === undefined ? 'PostGraphile' : undefined,
  }
}

function requireJobs(jobs: readonly unknown[], expected: number): void {
  const found = jobs.filter((job) => job !== null && job !== undefined).length
  if (found !== expected) throw new WrongResponseError(`the response has ${found} jobs (expected ${expected})`)
}

/** What a request costs that reads nothing. The name of the type stands for a job. */
function typename(): ReadCase {
  const question: Question = {
    operations: [JSON.stringify({ query: '{ __typename }' })],
    jobsOf: ({ __typename }: Data) => [__typename],
  }
  return { title: '{ __typename }, without the database', jobs: 1, ours: question, theirs: question }
}

async function oneJob(client: pg.Client): Promise<ReadCase> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM (SELECT id FROM jobs ORDER BY id DESC LIMIT ${100 * SAMPLED_JOBS}) AS recent ORDER BY md5(id::text) LIMIT ${SAMPLED_JOBS}`,
  )
  const operations = (query: string): string[] => rows.map(({ id }) => JSON.stringify({ query, variables: { id } }))
  return {
    title: 'one job, 8 fields',
    jobs: 1,
    ours: {
      operations: operations(
        'query Job($id: ID!) { job(id: $id) { jobId userId content preset state version createdAt completedAt } }',
      ),
      jobsOf: ({ job }: Data) => [withInstants(job)],
    },
    theirs: {
      operations: operations(
        'query Job($id: UUID!) { jobByRowId(rowId: $id) { rowId userId content preset state version createdAt completedAt } }',
      ),
      jobsOf: ({ jobByRowId }: Data) => [withInstants(renamed(jobByRowId))],
    },
  }
}

function page(): ReadCase {
  return {
    title: 'page of 20 jobs, 4 fields',
    jobs: 20,
    ours: {
      operations: [
        JSON.stringify({
          query:
            'query Page { jobs(first: 20, filter: { includeDeleted: true }) { nodes { jobId userId state createdAt } } }',
        }),
      ],
      jobsOf: ({ jobs }: Data) => jobs.nodes.map(withInstants),
    },
    theirs: {
      operations: [
        JSON.stringify({
          query:
            'query Page { allJobs(first: 20, orderBy: [PRIMARY_KEY_DESC]) { nodes { rowId userId state createdAt } } }',
        }),
      ],
      jobsOf: ({ allJobs }: Data) => allJobs.nodes.map(renamed).map(withInstants),
    },
  }
}

function nestedPage(): ReadCase {
  const records = 'sequence previousState newState actor timestamp'
  return {
    title: 'page of 20 jobs, 4 fields, with up to 5 records (5 fields) and the result (3 fields) of each',
    jobs: 20,
    ours: {
      operations: [
        JSON.stringify({
          query: `query Nested { jobs(first: 20, filter: { includeDeleted: true }) { nodes { jobId userId state createdAt
            stateHistory(first: 5) { nodes { ${records} } } result { status processingTimeMs createdAt } } } }`,
        }),
      ],
      jobsOf: ({ jobs }: Data) =>
        jobs.nodes.map(({ stateHistory, result, ...job }: Data) => ({
          ...withInstants(job),
          records: stateHistory.nodes.map(withInstants),
          result: result && withInstants(result),
        })),
    },
    theirs: {
      operations: [
        JSON.stringify({
          query: `query Nested { allJobs(first: 20, orderBy: [PRIMARY_KEY_DESC]) { nodes { rowId userId state createdAt
            jobStatesByJobId(first: 5, orderBy: [SEQUENCE_ASC]) { nodes { ${records} } }
            jobResultsByJobId(first: 1) { nodes { status processingTimeMs createdAt } } } } }`,
        }),
      ],
      jobsOf: ({ allJobs }: Data) =>
        allJobs.nodes.map(({ jobStatesByJobId, jobResultsByJobId, ...job }: Data) => {
          const [result] = jobResultsByJobId.nodes
          return {
            ...withInstants(renamed(job)),
            records: jobStatesByJobId.nodes.map(withInstants),
            result: result ? withInstants({ ...result, status: result.status.toUpperCase() }) : null,
          }
        }),
    },
  }
}

async function deepPage({ client, postgraphile, depth }: ReadTargets): Promise<ReadCase> {
  const { rows } = await client.query<{ id: string }>('SELECT id FROM jobs ORDER BY id DESC OFFSET $1 LIMIT 1', [
    depth - 1,
  ])
  const after = cursorOf('jobs.CREATED_AT', 'desc', [rows[0]?.id])
  const theirs = await postgraphile?.ask<Data>(
    `{ allJobs(first: 1, offset: ${depth - 1}, orderBy: [PRIMARY_KEY_DESC]) { pageInfo { endCursor } } }`,
  )
  const their = page().theirs
  const our = page().ours
  return {
    title: `page of 20 jobs, 4 fields, after ${depth} others, by cursor`,
    jobs: 20,
    ours: {
      ...our,
      operations: [
        JSON.stringify({
          query: `query Deep($after: String) { jobs(first: 20, after: $after, filter: { includeDeleted: true }) {
            nodes { jobId userId state createdAt } } }`,
          variables: { after },
        }),
      ],
    },
    theirs: {
      ...their,
      operations: [
        JSON.stringify({
          query: `query Deep($after: Cursor) { allJobs(first: 20, after: $after, orderBy: [PRIMARY_KEY_DESC]) {
            nodes { rowId userId state createdAt } } }`,
          variables: { after: theirs?.allJobs.pageInfo.endCursor },
        }),
      ],
    },
  }
}

function renamed({ rowId, ...rest }: Data): object {
  return { jobId: rowId, ...rest }
}

/** One writes 2026-11-25T20:23:35.032Z, the other 2026-11-25T20:23:35.032000+00:00. */
function withInstants(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => [
      field,
      value !== null && (field.endsWith('At') || field === 'timestamp') ? new Date(value).getTime() : value,
    ]),
  )
}
