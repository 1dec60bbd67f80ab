// The operations in the first tabs of GraphiQL, for a first try. Each tab has one operation,
// because GraphiQL sends all fragments of a tab with the operation that is run, and an unused
// fragment is invalid. A test runs each tab in a browser, on an empty ledger.

export interface GraphiQLTab {
  readonly query: string
  readonly headers?: string
}

const CREATE = `# 1. Create a job, and copy its "jobId" from the answer.
mutation CreateJob {
  createJob(input: {
    content: "https://example.org/report.pdf"
    preset: "pages"
    metadata: { from: "GraphiQL" }
  }) {
    __typename
    ... on CreateJobSuccess {
      created
      job { jobId state version stateActor createdAt allowedTransitions }
    }
    ... on Error { code message }
  }
}
`

const WORK = `# 2. Start the job and complete it with a result: two transitions, two records.
mutation WorkOnJob($jobId: ID! = "PASTE THE jobId HERE") {
  started: transitionJob(input: {
    jobId: $jobId, to: PROCESSING, reason: "a worker took it", expectedState: PENDING
  }) {
    ...Outcome
  }
  completed: completeJob(input: {
    jobId: $jobId, output: { pages: 12 }, processingTimeMs: 840, reason: "all pages done"
  }) {
    ...Outcome
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

const HISTORY = `# 3. The latest jobs: the whole history of each, and its result.
#    Those that failed: jobs(filter: { states: [FAILED] }, first: $first)
query JobHistories($first: Int = 20) {
  jobs(first: $first) {
    nodes {
      jobId
      userId
      state
      startedAt
      completedAt
      stateHistory(first: 20) {
        nodes { sequence previousState newState reason error actor timestamp previousStateDurationMs }
      }
      result { status output errorMessage processingTimeMs }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`

const FOLLOW = `# 4. Events as they happen. Run this, then create jobs from elsewhere: a terminal, or a second
#    browser window. Leaving this tab ends the stream.
subscription Follow {
  jobEvents {
    cursor
    record { sequence previousState newState reason error actor timestamp job { jobId userId } }
  }
}
`

// Without variables, because GraphiQL does not show the variables of a default tab.
const QUERIES = [CREATE, WORK, HISTORY, FOLLOW]

const CREDENTIAL = JSON.stringify({ authorization: 'Bearer YOUR TOKEN OR API KEY' }, null, 2)

/**
 * The headers editor of every tab, with a placeholder for the credential. Undefined if the server
 * is open.
 */
export function graphiqlHeaders(open: boolean): string | undefined {
  return open ? undefined : CREDENTIAL
}

/** The tabs, in order. */
export function graphiqlTabs(open: boolean): GraphiQLTab[] {
  const headers = graphiqlHeaders(open)
  return QUERIES.map((query) => (headers === undefined ? { query } : { query, headers }))
}
