// Runs the slowest test files first, so that none of them is left at the end of the run.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that took more than half a minute when last measured, the slowest first. */
const SLOW = [
  'test/publishing/kill.test.ts',
  'test/commands/run.test.ts',
  'test/main.test.ts',
  'test/prisma/migrateCommands.test.ts',
  'test/soak/kill.test.ts',
  'test/bench/bench.test.ts',
  'test/commands/apiKey.test.ts',
  'test/publishing/pubSub.test.ts',
  'test/access/secrets.test.ts',
  'test/commands/runSpool.test.ts',
  'test/load/load.test.ts',
  'test/database/embedded.test.ts',
  'test/prisma/migrateDown.test.ts',
  'test/worker/consumePubSub.test.ts',
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
