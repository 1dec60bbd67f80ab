// Checkpoint: the signed head of the tree over all records.
import { latestCheckpoint, type StoredCheckpoint } from '../../ledger/checkpoints.ts'
import { builder } from '../builder.ts'

const Checkpoint = builder.objectRef<StoredCheckpoint>('Checkpoint').implement({
  description: 'The signed root of the Merkle tree over all records, at one size.',
  fields: (t) => ({
    origin: t.exposeString('origin', { description: 'The name of the ledger.' }),
    size: t.string({
      description: 'The number of leaves, in decimal digits.',
      resolve: ({ size }) => String(size),
    }),
    rootHash: t.string({
      description: 'The root of the tree, in hexadecimal digits.',
      resolve: ({ rootHash }) => rootHash.toString('hex'),
    }),
    sealedAt: t.expose('sealedAt', { type: 'DateTime', description: 'When it was signed.' }),
    signedNote: t.exposeString('signedNote', {
      description: 'The checkpoint with its signature, as a signed note (C2SP tlog-checkpoint).',
    }),
  }),
})

builder.queryField('checkpoint', (t) =>
  t.field({
    type: Checkpoint,
    nullable: true,
    description: 'The latest checkpoint; null before the first one.',
    resolve: async (_parent, _args, { ledger }) => (await latestCheckpoint(ledger)) ?? null,
  }),
)
