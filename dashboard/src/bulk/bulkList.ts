// The page of bulk actions that is shown. Its rows are kept current, and stay where they are.
import { computed } from '@preact/signals'
import { BulkActionsDocument, type BulkActionsQuery } from '../api/documents.generated.ts'
import { Polled } from '../api/polled.ts'
import { isFirstPage, type Position, pageArguments } from '../api/position.ts'
import { request } from '../api/request.ts'
import { pageSize } from '../api/session.ts'

type Page = BulkActionsQuery['bulkActions']
export type BulkRow = Page['nodes'][number]

const MAX_ROWS = 50

export const maxRows = (): number => pageSize(MAX_ROWS)

interface Shown extends Page {
  /** Number of actions that were started after the page was loaded. */
  readonly newer: number
}

export class BulkList {
  readonly polled: Polled<Shown>
  readonly newer = computed(() => this.polled.state.value?.newer ?? 0)

  private readonly position: Position
  private isFresh = true

  constructor(position: Position) {
    this.position = position
    this.polled = new Polled((signal) => this.read(signal))
  }

  /** Loads the page again, with the actions that are new. */
  async load(): Promise<void> {
    this.isFresh = true
    await this.polled.load()
  }

  private async read(signal: AbortSignal): Promise<Shown> {
    const { bulkActions: now } = await request(BulkActionsDocument, pageArguments(this.position, maxRows()), { signal })
    const shown = this.polled.state.value
    // An empty page has no rows that could move.
    if (this.isFresh || shown === undefined || shown.nodes.length === 0) {
      this.isFresh = false
      return { ...now, newer: 0 }
    }
    const byId = new Map(now.nodes.map((node) => [node.id, node]))
    const known = new Set(shown.nodes.map(({ id }) => id))
    const newer = isFirstPage(this.position) ? now.nodes.filter(({ id }) => !known.has(id)).length : 0
    return { ...shown, nodes: shown.nodes.map((node) => byId.get(node.id) ?? node), newer }
  }
}
