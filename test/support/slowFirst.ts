// Runs the slow test files first, so that none of them is left at the end of the run.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification): number => (moduleId.endsWith('.slow.test.ts') ? 0 : 1)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
