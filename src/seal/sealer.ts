// Grows the tree of the seal and signs its checkpoints. No checkpoint may contradict an earlier one
// (C2SP tlog-checkpoint): the tree must still have the root of the last checkpoint in the table,
// and of the last one in CHECKPOINT_FILE.
import { latestCheckpoint, type StoredCheckpoint, storeCheckpoint } from '../ledger/checkpoints.ts'
import { nextLeaves } from '../ledger/leaves.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { appendLeaves, beginTree, readTree, type SealedTree, tilesOf } from '../ledger/sealedTree.ts'
import { openCheckpoint, signCheckpoint } from '../proof/checkpoint.ts'
import { rootAt } from '../proof/merkleProofs.ts'
import { type NoteSigner, readVerifierKey } from '../proof/noteKeys.ts'
import { hashesFromTiles } from '../proof/tileReader.ts'
import { edgeRoot } from '../proof/tileTree.ts'
import { appendCheckpoint, lastCheckpoint } from './checkpointFile.ts'
import { SealStoppedError } from './sealStoppedError.ts'

export interface SealerSettings {
  readonly signer: NoteSigner
  /** The name of the log, under which its checkpoints are known. */
  readonly origin: string
  /** Minimum time between two checkpoints. */
  readonly intervalSeconds: number
  /** Gets every checkpoint. An absolute path. */
  readonly checkpointFile: string | undefined
}

/** The size and the root of a tree at some time. */
interface Head {
  readonly size: number
  readonly root: Buffer
}

/** Leaves per statement. */
const BATCH = 5000
/** Batches per step, so that the lock is checked about once a second. */
const BATCHES = 10
const ADVICE = 'Find out what happened, and restore the right database.'

export class Sealer {
  private readonly ledger: Ledger
  private readonly settings: SealerSettings
  private tree: SealedTree | undefined
  /** The last checkpoint, once it is known to agree with the tree. */
  private signed: Head | undefined
  private signedAt = Number.NEGATIVE_INFINITY

  constructor(ledger: Ledger, settings: SealerSettings) {
    this.ledger = ledger
    this.settings = settings
  }

  /** Forgets what it knows of the tree, which another process may have changed. */
  reset(): void {
    this.tree = undefined
    this.signed = undefined
  }

  /**
   * Adds new records to the tree, and signs a checkpoint when it is due. Resolves to whether there
   * are more records.
   *
   * @throws SealStoppedError; errors of the database and of the file
   */
  async seal(): Promise<boolean> {
    const isBehind = await this.addLeaves()
    const isDue = performance.now() - this.signedAt >= this.settings.intervalSeconds * 1000
    if (!isBehind && isDue) await this.sign()
    return isBehind
  }

  private async addLeaves(): Promise<boolean> {
    let tree = this.tree ?? (await this.currentTree())
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const leaves = await nextLeaves(this.ledger, tree.position, BATCH)
      const grown = await appendLeaves(this.ledger, tree, leaves)
      if (grown === undefined) {
        this.reset()
        return true
      }
      tree = this.tree = grown
      if (leaves.length < BATCH) return false
    }
    return true
  }

  private async currentTree(): Promise<SealedTree> {
    const { origin, checkpointFile } = this.settings
    await beginTree(this.ledger, origin)
    const tree = await readTree(this.ledger)
    if (tree === undefined) throw new Error('The consumer "seal" was removed.')
    if (tree.origin !== origin)
      throw new SealStoppedError(`The ledger is sealed as ${tree.origin}, not as ${origin} (LEDGER_ORIGIN). ${ADVICE}`)
    const stored = await latestCheckpoint(this.ledger)
    const note = checkpointFile === undefined ? undefined : await lastCheckpoint(checkpointFile)
    const published = note === undefined ? undefined : this.open(note, `CHECKPOINT_FILE (${checkpointFile})`)
    if (stored) this.signed = await this.requireAgreement(tree, headOf(stored), 'table jobledger.checkpoints')
    if (published) await this.requireAgreement(tree, published, `CHECKPOINT_FILE (${checkpointFile})`)
    // A process that was killed may have stored the last checkpoint without publishing it.
    if (stored && checkpointFile !== undefined && (published?.size ?? 0) < Number(stored.size))
      await appendCheckpoint(checkpointFile, stored.signedNote)
    if (published && published.size > (this.signed?.size ?? 0)) this.signed = published
    return tree
  }

  private open(note: string, place: string): Head {
    const { signer, origin } = this.settings
    try {
      return openCheckpoint(note, [readVerifierKey(signer.verifierKey)], origin)
    } catch (error) {
      const why = (error as Error).message
      throw new SealStoppedError(`The last checkpoint of ${place} is not one of this log and key: ${why} ${ADVICE}`, {
        cause: error,
      })
    }
  }

  /** @throws SealStoppedError unless the tree begins with the tree of the checkpoint */
  private async requireAgreement(tree: SealedTree, head: Head, place: string): Promise<Head> {
    const { size } = tree.edge
    if (head.size > size)
      throw new SealStoppedError(
        `The ledger has ${size} leaves, but the last checkpoint of ${place} has ${head.size}: the database was set back. ${ADVICE}`,
      )
    const root = await rootAt(head.size, hashesFromTiles(head.size, tilesOf(this.ledger)))
    if (!root.equals(head.root))
      throw new SealStoppedError(
        `The first ${head.size} leaves of the ledger are not those of the last checkpoint of ${place}: ` +
          `the database was replaced or edited. ${ADVICE}`,
      )
    return head
  }

  private async sign(): Promise<void> {
    const { ledger, tree, settings } = this
    if (tree === undefined || tree.edge.size === (this.signed?.size ?? 0)) return
    const { origin, signer, checkpointFile } = settings
    const { size } = tree.edge
    const root = edgeRoot(tree.edge)
    const signedNote = signCheckpoint({ origin, size, root }, [signer])
    await storeCheckpoint(ledger, { origin, size: BigInt(size), rootHash: root, signedNote })
    if (checkpointFile !== undefined) await appendCheckpoint(checkpointFile, signedNote)
    this.signed = { size, root }
    this.signedAt = performance.now()
  }
}

function headOf({ size, rootHash }: StoredCheckpoint): Head {
  return { size: Number(size), root: rootHash }
}
