/** The connections of a pool now. */
export interface PoolUse {
  /** Maximum number of connections. */
  readonly max: number
  /** Number of connections that are open or being opened. */
  readonly open: number
  /** Number of those that run a statement, or are being opened. */
  readonly inUse: number
  /** Number of statements that wait for a connection, or for the turn of their caller. */
  readonly waiting: number
}
