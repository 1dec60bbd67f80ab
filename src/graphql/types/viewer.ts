// Viewer: the identity and the roles of the caller.
import type { Caller } from '../../access/caller.ts'
import { ROLES } from '../../access/roles.ts'
import { builder } from '../builder.ts'

const ROLE_DESCRIPTIONS = {
  USER: 'Reads, creates, cancels, retries and deletes own jobs.',
  WORKER: 'Reads all jobs, makes their transitions and sets their results.',
  AUDITOR: 'Reads all jobs and changes nothing.',
  ADMIN: 'Does everything, for every user.',
} satisfies Record<(typeof ROLES)[number], string>

const RoleEnum = builder.enumType('Role', {
  description: 'What a caller may do. A caller with several roles may do what any of them allows.',
  values: Object.fromEntries(ROLES.map((role) => [role, { description: ROLE_DESCRIPTIONS[role] }])) as Record<
    (typeof ROLES)[number],
    { description: string }
  >,
})

const Viewer = builder.objectRef<Caller>('Viewer').implement({
  description: 'The caller.',
  fields: (t) => ({
    actor: t.exposeString('actor', { description: 'The name of the caller in records.' }),
    userId: t.exposeString('userId', {
      nullable: true,
      description: 'The user whose jobs are the own jobs of the caller, if any.',
    }),
    roles: t.field({ type: [RoleEnum], description: 'The roles of the caller.', resolve: ({ roles }) => [...roles] }),
  }),
})

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    nullable: true,
    description: 'The caller, as identified by the credential of the request.',
    resolve: (_, _args, { caller }) => caller,
  }),
)
