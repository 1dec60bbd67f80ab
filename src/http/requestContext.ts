import type { Logger } from 'pino'
import type { Caller } from '../access/caller.ts'
import type { StatementScope } from '../database/cancellation.ts'
import type { EventFeed } from '../events/eventFeed.ts'
import type { GraphQLContext, Replica } from '../graphql/context.ts'
import { Unplanned } from '../graphql/plan/unplanned.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { RefusalSink } from '../ledger/refusals.ts'
import { ResponseBudget } from '../ledger/returnedJob.ts'
import type { Deadline } from './deadline.ts'
import type { AuthenticatedRequest } from './request.ts'

/** A ledger for plans. Its statements belong to a scope, which those of Prisma Client could not. */
class ScopedLedger implements Ledger {
  readonly sql: Ledger['sql']
  readonly limits: Ledger['limits']

  constructor({ sql, limits }: Ledger, scope: StatementScope) {
    this.sql = sql.within(scope)
    this.limits = limits
  }

  get prisma(): never {
    throw new Unplanned('A plan reads by SQL only.')
  }
}

/** The context of the resolvers of one request. */
export class RequestContext implements GraphQLContext {
  readonly ledger: Ledger
  readonly events: EventFeed
  readonly replica: Replica
  readonly refusals: RefusalSink
  readonly responseBudget: ResponseBudget
  readonly requireMemory: () => void
  readonly caller: Caller
  readonly reauthenticate: () => Promise<Caller>
  readonly statementEnded: GraphQLContext['statementEnded']
  readonly turn: GraphQLContext['turn']
  readonly requestId: string
  readonly log: Logger
  private readonly deadline: Deadline

  constructor(
    request: AuthenticatedRequest,
    shared: Pick<GraphQLContext, 'ledger' | 'events' | 'replica' | 'refusals'> & { readonly log: Logger },
    scope?: StatementScope,
  ) {
    this.ledger = scope === undefined ? shared.ledger : new ScopedLedger(shared.ledger, scope)
    this.events = shared.events
    this.replica = shared.replica
    this.refusals = shared.refusals
    this.responseBudget = new ResponseBudget(request.responseSize.limitBytes)
    this.requireMemory = () => request.memory.checkLimit()
    this.caller = request.caller
    this.reauthenticate = request.reauthenticate
    this.statementEnded = request.log.statementEnded
    this.turn = scope?.turn
    this.requestId = request.log.requestId
    this.log = shared.log
    this.deadline = request.deadline
  }

  get signal(): AbortSignal {
    return this.deadline.signal
  }
}
