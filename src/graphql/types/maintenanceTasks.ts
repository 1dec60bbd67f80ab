// What Query.operations shows of the maintenance tasks.
import type { MaintenanceTask } from '../../database/generated/client.ts'
import { builder } from '../builder.ts'

const Change = builder.objectRef<{ outcome: string; jobs: number }>('MaintenanceChange').implement({
  description: 'What a run of a maintenance task did to some jobs.',
  fields: (t) => ({
    outcome: t.exposeString('outcome', { description: 'What it did: "released", "failed", "deleted" and so on.' }),
    jobs: t.exposeInt('jobs', { description: 'Number of jobs that it did this to.' }),
  }),
})

export const MaintenanceTaskType = builder.objectRef<MaintenanceTask>('MaintenanceTask').implement({
  description: 'A maintenance task that has run, in any replica or by `jobledger maintain`.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the task.' }),
    lastRunAt: t.expose('lastRunAt', { type: 'DateTime', description: 'When it last ran.' }),
    isFinished: t.boolean({
      description: 'Whether its last run reached the end. If not, the next run continues where it stopped.',
      resolve: ({ position }) => position === null,
    }),
    nextRunAt: t.expose('nextRunAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When it is planned to run next, within some seconds; null if `jobledger maintain --once` ran it last.',
    }),
    lastChangeAt: t.expose('lastChangeAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When a run last changed jobs; null if none has.',
    }),
    lastChanges: t.field({
      type: [Change],
      description: 'What this run did; empty if no run has changed jobs.',
      resolve: ({ lastChange }) =>
        Object.entries((lastChange ?? {}) as Record<string, number>).map(([outcome, jobs]) => ({ outcome, jobs })),
    }),
    isFailing: t.boolean({
      description: 'Whether its last run failed.',
      resolve: ({ lastRunAt, lastErrorAt }) => lastErrorAt?.getTime() === lastRunAt.getTime(),
    }),
    lastErrorAt: t.expose('lastErrorAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When a run last failed; null if none has.',
    }),
    lastError: t.exposeString('lastError', { nullable: true, description: 'The error of this run, in one line.' }),
  }),
})
