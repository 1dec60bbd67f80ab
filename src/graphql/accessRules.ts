// Maps the fields of Query, Mutation and Subscription to operations of the role table, and guards
// them; also fields of Job that not every reader of the job may read. The resolvers then limit an
// operation to the jobs in its scope.
import {
  defaultFieldResolver,
  GraphQLError,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql'
import { type Caller, ForbiddenError, forbidden } from '../access/caller.ts'
import { type Operation, scopeOf } from '../access/roles.ts'
import type { GraphQLContext } from './context.ts'

type Operations = readonly [Operation, ...Operation[]]
type Resolver = GraphQLFieldResolver<unknown, GraphQLContext>

/**
 * If a field has several operations, its arguments select one, and its resolver checks that one.
 */
export const FIELD_OPERATIONS: Readonly<Record<string, Operations>> = {
  'Query.node': ['jobs:read'],
  'Query.nodes': ['jobs:read'],
  'Query.job': ['jobs:read'],
  'Query.jobs': ['jobs:read'],
  'Query.jobCount': ['jobs:read'],
  'Query.jobCountsByState': ['jobs:read'],
  'Query.jobStats': ['jobs:read'],
  'Query.jobStateRecords': ['jobs:read'],
  'Query.stuckJobs': ['jobs:read'],
  'Query.bulkActions': ['jobs:read'],
  'Query.checkpoint': ['states:read'],
  'Query.stateMachine': ['states:read'],
  'Query.viewer': ['viewer:read'],
  'Query.latestEventCursor': ['events:cursor'],
  'Query.eventDelay': ['events:delay'],
  'Query.consumers': ['consumers:read'],
  'Query.operations': ['operations:read'],
  'Mutation.createJob': ['jobs:create'],
  'Mutation.createJobs': ['jobs:create'],
  'Mutation.transitionJob': ['jobs:work', 'jobs:cancel', 'jobs:retry'],
  'Mutation.transitionJobs': ['jobs:work', 'jobs:cancel', 'jobs:retry'],
  'Mutation.completeJob': ['jobs:work'],
  'Mutation.failJob': ['jobs:work'],
  'Mutation.setJobResult': ['results:set'],
  'Mutation.deleteJob': ['jobs:delete'],
  'Mutation.cleanupJobs': ['jobs:cleanup'],
  'Mutation.claimJobs': ['jobs:claim'],
  'Mutation.extendLeases': ['jobs:claim'],
  'Mutation.releaseJob': ['jobs:work'],
  'Mutation.retryJob': ['jobs:retry'],
  'Mutation.requestJobCancellation': ['jobs:cancel'],
  'Mutation.rescueStuckJobs': ['jobs:rescue'],
  'Mutation.startBulkAction': ['bulk:run'],
  'Mutation.abortBulkAction': ['bulk:run'],
  'Subscription.jobEvents': ['jobs:read'],
  'Job.refusals': ['refusals:read'],
}

/**
 * Makes every field of Query, Mutation and Subscription, and the fields of other types that have a
 * rule, refuse callers without a role for it.
 *
 * @throws Error if a field of Query, Mutation or Subscription has no rule
 */
export function guardFields(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) guard(type as GraphQLObjectType, field)
  }
  const job = schema.getType('Job') as GraphQLObjectType
  for (const field of Object.values(job.getFields())) if (`Job.${field.name}` in FIELD_OPERATIONS) guard(job, field)
  return schema
}

function guard(type: GraphQLObjectType, field: GraphQLField<unknown, GraphQLContext>): void {
  const operations = FIELD_OPERATIONS[`${type.name}.${field.name}`]
  if (operations === undefined)
    throw new Error(`${type.name}.${field.name} has no access rule: add it to FIELD_OPERATIONS.`)
  field.resolve = withGuard(field.resolve ?? defaultFieldResolver, operations)
  if (field.subscribe) field.subscribe = withGuard(field.subscribe, operations)
}

function withGuard(resolve: Resolver, operations: Operations): Resolver {
  return (source, args, context, info) =>
    runGuarded(context.caller, operations, () => resolve(source, args, context, info))
}

/**
 * Runs what a field of Query does for a caller.
 *
 * @throws GraphQLError with the code FORBIDDEN if the caller has no role for the field, and what
 * `work` throws
 */
export function runQueryField<T>(name: string, caller: Caller, work: () => T): Promise<Awaited<T>> {
  return runGuarded(caller, FIELD_OPERATIONS[`Query.${name}`] as Operations, work)
}

async function runGuarded<T>(caller: Caller, operations: Operations, work: () => T): Promise<Awaited<T>> {
  requireOneOf(caller, operations)
  try {
    return await work()
  } catch (error) {
    throw error instanceof ForbiddenError ? toGraphQLError(error) : error
  }
}

function requireOneOf(caller: Caller, operations: Operations): void {
  if (operations.some((operation) => scopeOf(caller.roles, operation) !== 'none')) return
  throw toGraphQLError(forbidden(caller, operations[0]))
}

function toGraphQLError(error: ForbiddenError): GraphQLError {
  return new GraphQLError(error.message, { extensions: { code: 'FORBIDDEN' } })
}
