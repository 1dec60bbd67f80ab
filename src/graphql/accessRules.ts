// Which operation of the role table each field of Query, Mutation and Subscription is, and the guard in front of them all. What a field shows or
// touches of whose jobs is decided in its resolver, by the scope of its operation.
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

/** A field with several operations is one of them, depending on its arguments: its resolver asks for that one. */
export const FIELD_OPERATIONS: Readonly<Record<string, Operations>> = {
  'Query.node': ['read jobs'],
  'Query.nodes': ['read jobs'],
  'Query.job': ['read jobs'],
  'Query.jobs': ['read jobs'],
  'Query.jobCount': ['read jobs'],
  'Query.jobCountsByState': ['read jobs'],
  'Query.jobStats': ['read jobs'],
  'Query.jobStateRecords': ['read jobs'],
  'Query.stuckJobs': ['read jobs'],
  'Query.stateMachine': ['read the state machine'],
  'Query.viewer': ['see who they are'],
  'Query.latestEventCursor': ['know where the ledger ends'],
  'Query.consumers': ['see the consumers'],
  'Mutation.createJob': ['create jobs'],
  'Mutation.createJobs': ['create jobs'],
  'Mutation.transitionJob': ['start, complete, fail and release jobs', 'cancel jobs', 'retry jobs'],
  'Mutation.transitionJobs': ['start, complete, fail and release jobs', 'cancel jobs', 'retry jobs'],
  'Mutation.completeJob': ['start, complete, fail and release jobs'],
  'Mutation.failJob': ['start, complete, fail and release jobs'],
  'Mutation.setJobResult': ['set results'],
  'Mutation.deleteJob': ['delete jobs'],
  'Mutation.cleanupJobs': ['clean up old jobs'],
  'Mutation.claimJobs': ['claim jobs and extend leases'],
  'Mutation.extendLeases': ['claim jobs and extend leases'],
  'Mutation.releaseJob': ['start, complete, fail and release jobs'],
  'Mutation.retryJob': ['retry jobs'],
  'Mutation.requestJobCancellation': ['cancel jobs'],
  'Mutation.rescueStuckJobs': ['rescue stuck jobs'],
  'Subscription.jobEvents': ['read jobs'],
}

/**
 * Lets nobody into a field of Query, Mutation or Subscription without a role for it.
 *
 * @throws Error if there is a field without a rule
 */
export function guardFields(schema: GraphQLSchema): GraphQLSchema {
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) guard(type as GraphQLObjectType, field)
  }
  return schema
}

function guard(type: GraphQLObjectType, field: GraphQLField<unknown, GraphQLContext>): void {
  const operations = FIELD_OPERATIONS[`${type.name}.${field.name}`]
  if (operations === undefined)
    throw new Error(`${type.name}.${field.name} has no access rule: add it to FIELD_OPERATIONS.`)
  field.resolve = guarded(field.resolve ?? defaultFieldResolver, operations)
  if (field.subscribe) field.subscribe = guarded(field.subscribe, operations)
}

function guarded(resolve: Resolver, operations: Operations): Resolver {
  return async (source, args, context, info) => {
    requireOneOf(context.caller, operations)
    try {
      return await resolve(source, args, context, info)
    } catch (error) {
      throw error instanceof ForbiddenError ? refused(error) : error
    }
  }
}

function requireOneOf(caller: Caller, operations: Operations): void {
  if (operations.some((operation) => scopeOf(caller.roles, operation) !== 'none')) return
  throw refused(forbidden(caller, operations[0]))
}

function refused(error: ForbiddenError): GraphQLError {
  return new GraphQLError(error.message, { extensions: { code: 'FORBIDDEN' } })
}
