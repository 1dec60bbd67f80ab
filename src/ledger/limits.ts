// How large things may be, as data. The configuration may replace any of these.

/** The largest integer of PostgreSQL and of GraphQL. */
export const MAX_INT = 2_147_483_647

/** Upper limits; sizes in bytes are of UTF-8. */
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
  /** Items of a batch. */
  batchItems: number
  /** Items of a page. */
  pageSize: number
  /** Items of a page when the caller does not say. */
  defaultPageSize: number
}

/** The largest priority; the least is its negative. The database holds the same limit. */
export const MAX_PRIORITY = 1000
/** A job may be tried so often. */
export const MAX_ATTEMPTS = 1000
/** Jobs that one claim hands out. */
export const MAX_CLAIM_SIZE = 100
/** A lease lasts so long: a day. */
export const MAX_LEASE_SECONDS = 86_400

export const DEFAULT_LIMITS: Limits = {
  contentBytes: 1024 * 1024,
  metadataBytes: 64 * 1024,
  outputBytes: 1024 * 1024,
  reasonBytes: 4 * 1024,
  errorMessageBytes: 4 * 1024,
  nameCharacters: 200,
  batchItems: 1000,
  pageSize: 100,
  defaultPageSize: 20,
}
