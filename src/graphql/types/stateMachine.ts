// The state machine itself, for clients that draw it or check against it.
import type { JobState } from '../../database/generated/enums.ts'
import { allowedTransitions, isTerminal, JOB_STATES } from '../../ledger/states.ts'
import { builder } from '../builder.ts'
import { JobStateEnum } from './enums.ts'

const StateTransitions = builder.objectRef<JobState>('StateTransitions').implement({
  description: 'A state and the ways out of it. Deletion, which leads from every state to CANCELLED, is apart.',
  fields: (t) => ({
    state: t.field({ type: JobStateEnum, description: 'The state.', resolve: (state) => state }),
    isTerminal: t.boolean({ description: 'Whether no transition leads out of it.', resolve: isTerminal }),
    allowedTransitions: t.field({
      type: [JobStateEnum],
      description: 'The states that a job in it may enter next.',
      resolve: (state) => [...allowedTransitions(state)],
    }),
  }),
})

builder.queryField('stateMachine', (t) =>
  t.field({
    type: [StateTransitions],
    description: 'Every state with the ways out of it.',
    resolve: () => [...JOB_STATES],
  }),
)
