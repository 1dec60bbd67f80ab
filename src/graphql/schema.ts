// The whole schema. Importing a file of this folder adds its types to the builder.
import { lexicographicSortSchema } from 'graphql'
import { guardFields } from './accessRules.ts'
import { builder } from './builder.ts'
import './followers.ts'
import './jobEvents.ts'
import './jobMutations.ts'
import './jobQueries.ts'
import './jobStateRecord.ts'
import './jobStats.ts'
import './jobWork.ts'
import { resolveLoadedColumnsDirectly } from './loadedColumns.ts'
import { watchMutations } from './mutationOutcome.ts'
import './scalars.ts'
import './stateMachine.ts'
import './viewer.ts'
import './workMutations.ts'

export const schema = guardFields(
  watchMutations(resolveLoadedColumnsDirectly(lexicographicSortSchema(builder.toSchema()))),
)
