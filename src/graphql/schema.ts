// The complete schema. Importing a file of types/ adds its types to the builder.
import { lexicographicSortSchema } from 'graphql'
import { guardFields } from './accessRules.ts'
import { builder } from './builder.ts'
import './types/bulkMutations.ts'
import './types/bulkOutcomes.ts'
import './types/checkpoint.ts'
import './types/consumers.ts'
import './types/jobEvents.ts'
import './types/jobMutations.ts'
import './types/jobQueries.ts'
import './types/jobRefusals.ts'
import './types/jobStateRecord.ts'
import './types/jobStats.ts'
import './types/jobWork.ts'
import './types/eventDelay.ts'
import './types/operations.ts'
import { watchMutations } from './mutationOutcome.ts'
import './types/scalars.ts'
import './types/stateMachine.ts'
import './types/viewer.ts'
import './types/workMutations.ts'
import { watchRefusals } from './watchRefusals.ts'

const guarded = guardFields(watchMutations(lexicographicSortSchema(builder.toSchema())))

export const schema = watchRefusals(guarded)
