// Counts how many statements each contender needs per operation: on the wire, separately from the
// timing, with servers of their own.
import { spread } from './benchCase.ts'
import { allCases, type CaseSettings } from './cases/allCases.ts'
import { openServers, type ServerOptions } from './servers.ts'
import { startStatementCounter } from './statementCounter.ts'
import { removeWritten } from './writtenJobs.ts'

/** Number of operations before and during the count. The first operation opens connections. */
const WARM = 1
const COUNTED = 5
/** Slow operations are counted fewer times. */
const MAX_MS = 500

/**
 * By the names of case and contender. A contender that fails here fails again when it is measured,
 * and is reported then.
 */
export async function countStatements(
  settings: Omit<CaseSettings, 'server' | 'postgraphile' | 'pool' | 'databaseUrl'>,
  options: ServerOptions,
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const counter = await startStatementCounter(options.databaseUrl)
  try {
    const servers = await openServers({ ...options, databaseUrl: counter.url })
    try {
      const counts = new Map<string, ReadonlyMap<string, number>>()
      for (const make of await allCases({ ...settings, ...servers })) {
        const { name, subject, references } = await make()
        const ofCase = new Map<string, number>()
        for (const { name: who, once } of [subject, ...references]) {
          const statements = once && (await perOperation(once, () => counter.count()).catch(() => undefined))
          if (statements !== undefined) ofCase.set(who, statements)
        }
        counts.set(name, ofCase)
      }
      return counts
    } finally {
      await servers.close()
    }
  } finally {
    await counter.close()
    // The measured programs only read the data set.
    await removeWritten(settings.client)
  }
}

/** The median, because services of the server such as the roll-up also send statements. */
async function perOperation(once: () => Promise<void>, count: () => number): Promise<number> {
  for (let times = 0; times < WARM; times += 1) await once()
  const counts: number[] = []
  for (const startedAt = performance.now(); ; ) {
    const before = count()
    await once()
    counts.push(count() - before)
    if (counts.length === COUNTED || performance.now() - startedAt > MAX_MS) return spread(counts).median
  }
}
