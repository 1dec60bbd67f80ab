// The operations that GraphiQL opens with: what a newcomer tries first. A test runs each of them.

export interface GraphiQLTab {
  readonly query: string
  readonly headers?: string
}

const CREATE = `# 1. Create a job, and copy its "jobId" from the answer.
mutation CreateJob {
  createJob(input: { content: "https://example.org/report.pdf", preset: "pages", metadata: { from: "GraphiQL" } }) {
    __typename
    ... on CreateJobSuccess {
      created
      job { id jobId state version stateActor createdAt allowedTransitions }
    }
    ... on Error { code message }
  }
}
`

const LIFE = `# 2. Move a job through its life: start it, complete it with a result, read the ledger's account of it.
mutation WorkOnJob($jobId: ID! = "PASTE THE jobId HERE") {
  started: transitionJob(input: { jobId: $jobId, to: PROCESSING, reason: "a worker took it", expectedState: PENDING }) {
    ...Outcome
  }
  completed: completeJob(input: { jobId: $jobId, output: { pages: 12 }, processingTimeMs: 840, reason: "all pages done" }) {
    ...Outcome
  }
}

query JobHistory($jobId: ID! = "AND HERE") {
  job(id: $jobId) {
    state
    startedAt
    completedAt
    stateHistory(first: 20) {
      nodes { sequence previousState newState reason actor timestamp previousStateDurationMs }
    }
    result { status output processingTimeMs }
  }
}

fragment Outcome on TransitionJobResult {
  __typename
  ... on TransitionJobSuccess {
    record { sequence previousState newState reason actor timestamp }
  }
  ... on Error { code message }
}
`

const FAILED = `# 3. The latest failed jobs: why they failed, by the last record of their history and by their result.
query FailedJobs($first: Int = 20) {
  jobs(filter: { states: [FAILED] }, orderBy: { field: UPDATED_AT, direction: DESC }, first: $first) {
    nodes {
      jobId
      userId
      preset
      completedAt
      stateHistory(last: 1) {
        nodes { sequence previousState reason actor timestamp previousStateDurationMs }
      }
      result { status errorMessage processingTimeMs }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`

const FOLLOW = `# 4. What happens from now on, as it happens: run this, then create a job in the first tab.
subscription Follow {
  jobEvents {
    cursor
    record { sequence previousState newState reason actor timestamp job { jobId userId } }
  }
}
`

// Without variables, because GraphiQL shows those of a default tab to nobody.
const QUERIES = [CREATE, LIFE, FAILED, FOLLOW]

const CREDENTIAL = JSON.stringify({ authorization: 'Bearer YOUR TOKEN OR API KEY' }, null, 2)

/** The tabs; with a place for the credential unless the server is open. */
export function graphiqlTabs(open: boolean): GraphiQLTab[] {
  return QUERIES.map((query) => ({ query, ...(open ? {} : { headers: CREDENTIAL }) }))
}
