// Query.stateMachine, for clients that draw the state machine or check against it.
import type { JobState } from '../../database/generated/enums.ts'
import { allowedTransitions, isTerminal, JOB_STATES } from '../../ledger/states.ts'
import { builder } from '../builder.ts'
import { JobStateEnum } from './enums.ts'

const StateTransitions = builder.objectRef<JobState>('StateTransitions').implement({
  description: 'A state and its transitions, without deletion, which leads from every state to CANCELLED.',
  fields: (t) => ({
    state: t.field({ type: JobStateEnum, description: 'The state.', resolve: (state) => state }),
    isTerminal: t.boolean({ description: 'Whether the state has no transitions.', resolve: isTerminal }),
    allowedTransitions: t.field({
      type: [JobStateEnum],
      description: 'The states that a job in this state can enter next.',
      resolve: (state) => [...allowedTransitions(state)],
    }),
  }),
})

builder.queryField('stateMachine', (t) =>
  t.field({
    type: [StateTransitions],
    description: 'All states with their transitions.',
    resolve: () => [...JOB_STATES],
  }),
)
