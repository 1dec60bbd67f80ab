// The order of the test files: those that start many processes first, so that none of them is left over when all else is done.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Those that took more than half a minute when they were last looked at, the longest first. */
const LONG = [
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
    const usual = await super.sort(files)
    const place = ({ moduleId }: TestSpecification): number => {
      const known = LONG.findIndex((name) => moduleId.endsWith(name))
      return known === -1 ? LONG.length : known
    }
    return usual.toSorted((a, b) => place(a) - place(b))
  }
}
