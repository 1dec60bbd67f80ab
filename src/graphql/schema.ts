// The whole schema. Importing a file of this folder adds its types to the builder.
import { lexicographicSortSchema } from 'graphql'
import { builder } from './builder.ts'
import './jobMutations.ts'
import './jobQueries.ts'
import './jobStateRecord.ts'
import './scalars.ts'
import './stateMachine.ts'

export const schema = lexicographicSortSchema(builder.toSchema())
