// The limits of input. The configuration can override those in `Limits`.

/** The largest integer of PostgreSQL and of GraphQL. */
export const MAX_INT = 2_147_483_647

/** Upper limits. Sizes in bytes refer to UTF-8. */
export interface Limits {
  /** `content` of a job. */
  contentBytes: number
  /** `metadata` of a job or of a transition, as JSON. */
  metadataBytes: number
  /** `output` of a result, as JSON. */
  outputBytes: number
  /** `reason` of a transition. */
  reasonBytes: number
  /** `errorMessage` of a result. */
  errorMessageBytes: number
  /** User id, preset, actor and idempotency key, in characters (code points). */
  nameCharacters: number
  /** Maximum number of items of a batch. */
  batchItems: number
  /** Maximum number of jobs of a bulk action. */
  bulkJobs: number
  /** Maximum number of items of a page. */
  pageSize: number
  /** Default number of items of a page. */
  defaultPageSize: number
}

/** Priorities range from -1000 to 1000. The database enforces the same limit. */
export const MAX_PRIORITY = 1000
/** Maximum number of attempts of a job. */
export const MAX_ATTEMPTS = 1000
/** Maximum number of jobs of one claim. */
export const MAX_CLAIM_SIZE = 100
/** Maximum duration of a lease: a day. */
export const MAX_LEASE_SECONDS = 86_400

export const DEFAULT_LIMITS: Limits = {
  contentBytes: 1024 * 1024,
  metadataBytes: 64 * 1024,
  outputBytes: 1024 * 1024,
  reasonBytes: 4 * 1024,
  errorMessageBytes: 4 * 1024,
  nameCharacters: 200,
  batchItems: 1000,
  bulkJobs: 100_000,
  pageSize: 100,
  defaultPageSize: 20,
}
