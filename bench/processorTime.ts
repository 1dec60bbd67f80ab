// The processor time that a request costs the process that answers it, and the database. A rate
// alone does not show which of them is the limit.
import { readFileSync } from 'node:fs'
import type pg from 'pg'
import type { Contender, Slot } from './contender.ts'

/** Linux counts in hundredths of a second (proc(5), stat). */
const TICK_US = 10_000

/** Microseconds per request. Undefined where it cannot be read: not Linux, or another machine. */
export interface RequestCost {
  readonly serverUs: number | undefined
  readonly databaseUs: number | undefined
}

export interface MeasuredProcesses {
  /** Connected to the database. Undefined if that is on another machine. */
  readonly client: pg.Client | undefined
}

/** Measures a slot with its processor time. */
export async function measureWithCost(
  contender: Contender,
  seconds: number,
  { client }: MeasuredProcesses,
): Promise<Slot & RequestCost> {
  const read = async () => ({
    server: ticksOf(contender.pid === undefined ? [] : [contender.pid]),
    database: ticksOf(client ? await backendsOf(client) : []),
  })
  const before = await read()
  const slot = await contender.measure(seconds)
  const after = await read()
  const perRequest = (from: ProcessTicks, to: ProcessTicks): number | undefined =>
    to.size === 0 ? undefined : (TICK_US * ticksBetween(from, to)) / slot.latencies.count
  return {
    ...slot,
    serverUs: perRequest(before.server, after.server),
    databaseUs: perRequest(before.database, after.database),
  }
}

/** The ticks that each process has used since it started. */
type ProcessTicks = ReadonlyMap<number, number>

/** The sessions of clients, which run their statements. */
async function backendsOf(client: pg.Client): Promise<number[]> {
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = current_database()`,
  )
  return rows.map(({ pid }) => pid)
}

function ticksOf(pids: readonly number[]): ProcessTicks {
  const ticks = new Map<number, number>()
  for (const pid of pids) {
    const used = ticksUsedBy(pid)
    if (used !== undefined) ticks.set(pid, used)
  }
  return ticks
}

function ticksUsedBy(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // After the name of the program, which may contain spaces: the state, and so on. See proc(5).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    // It has ended, or the system has no such file.
    return undefined
  }
}

/** A session that started in between counts from its start. One that ended is missed. */
function ticksBetween(before: ProcessTicks, after: ProcessTicks): number {
  return [...after].reduce((sum, [pid, ticks]) => sum + ticks - (before.get(pid) ?? 0), 0)
}
