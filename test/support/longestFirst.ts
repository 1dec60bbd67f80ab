// Runs the slowest test files first, so that none of them is left at the end of the run.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, with their hooks and programs, the slowest first. */
const SLOW = [
  'test/publishing/kill.test.ts',
  'test/timelines/restore.test.ts',
  'test/main.test.ts',
  'test/docs/documentation.test.ts',
  'test/prisma/migrateCommands.test.ts',
  'test/prisma/tls.test.ts',
  'test/prisma/migrateLocks.test.ts',
  'test/soak/kill.test.ts',
  'test/bench/bench.test.ts',
  'test/database/embedded.test.ts',
  'test/abuse/processMemory.test.ts',
  'test/http/graphiqlTabs.test.ts',
  'test/publishing/pubSub.test.ts',
  'test/access/secrets.test.ts',
  'test/plans/jit.test.ts',
  'test/plans/lists.test.ts',
  'test/commands/apiKey.test.ts',
  'test/commands/run.test.ts',
  'test/database/composeRoles.test.ts',
  'test/load/load.test.ts',
  'test/events/silence.test.ts',
  'test/config/envFile.test.ts',
  'test/commands/fullOutput.test.ts',
  'test/database/grants.test.ts',
  'test/commands/runSpool.test.ts',
  'test/database/embeddedFaults.test.ts',
  'test/database/embeddedAccounts.test.ts',
  'test/timelines/failover.test.ts',
  'test/worker/tokenRenewal.test.ts',
  'test/prisma/migrateDown.test.ts',
  'test/database/pgBouncer.test.ts',
  'test/bench/memory.test.ts',
  'test/logOutput.test.ts',
  'test/worker/consumePubSub.test.ts',
  'test/commands/maintain.test.ts',
  'test/database/missingRights.test.ts',
  'test/events/memory.test.ts',
  'test/abuse/documentMemory.test.ts',
  'test/abuse/mutationMemory.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = SLOW.findIndex((name) => moduleId.endsWith(name))
      return index === -1 ? SLOW.length : index
    }
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
