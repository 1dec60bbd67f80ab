import type pg from 'pg'

/** A pool, a client of a pool, or a separate client. */
export type Queryable = Pick<pg.ClientBase, 'query'>
