import type pg from 'pg'

/** A pool, a client of a pool, or a client of its own. */
export type Queryable = Pick<pg.ClientBase, 'query'>
