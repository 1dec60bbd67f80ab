// Plans connections: pages of rows with their cursors, and what is known of their lists.
import { type GraphQLObjectType, getNamedType } from 'graphql'
import type { TextRow } from '../../database/rows/rowShape.ts'
import type { FieldRequest } from './fieldRequest.ts'
import { joined, type ObjectPlanner, type PlacedField, type Rows } from './placedField.ts'
import { Unplanned } from './unplanned.ts'

/** A page that is complete: nothing about it must be read any more. */
export interface PlannedPage {
  readonly rows: readonly TextRow[]
  cursorOf(row: TextRow): string
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly totalCount: number
}

/** What must be known of a page besides its rows. */
export type PageFact = 'hasNextPage' | 'hasPreviousPage' | 'totalCount'

/** Writes a row of a page. */
type WriteItem = (item: Item, request: FieldRequest) => string

/** The rows of a page as JSON, by what writes each of them. */
type WrittenRows = ReadonlyMap<WriteItem, string>

export interface ConnectionPlan {
  /** Each with the place in the response that needs it, below the connection. */
  readonly facts: ReadonlyMap<PageFact, FactPlace>
  write(page: PlannedPage, request: FieldRequest): string
  /** Does the same, and lets others use the thread in between. */
  writeInTurns(page: PlannedPage, request: FieldRequest): Promise<string>
}

/** Maximum time to write rows before others have their turn, in milliseconds. */
const TURN_MS = 2

/** For errors. */
export interface FactPlace {
  readonly path: readonly string[]
  readonly nodes: PlacedField['nodes']
}

type WritePage = (page: PlannedPage & { readonly written?: WrittenRows }, request: FieldRequest) => string

/** @throws Unplanned */
export function planConnection(
  planner: ObjectPlanner,
  { field, nodes }: Pick<PlacedField, 'field' | 'nodes'>,
  rows: Rows,
): ConnectionPlan {
  return new ConnectionPlanner(planner, rows).plan(getNamedType(field.type) as GraphQLObjectType, nodes)
}

class ConnectionPlanner {
  private readonly facts = new Map<PageFact, FactPlace>()
  private readonly lists: WriteItem[] = []
  private readonly planner: ObjectPlanner
  private readonly rows: Rows

  constructor(planner: ObjectPlanner, rows: Rows) {
    this.planner = planner
    this.rows = rows
  }

  plan(type: GraphQLObjectType, nodes: PlacedField['nodes']): ConnectionPlan {
    const write = joined(type, this.planner.fieldsOf(type, nodes), (placed) => this.fieldOf(placed))
    const writeInTurns = async (page: PlannedPage, request: FieldRequest): Promise<string> => {
      const written = new Map<WriteItem, string>()
      for (const list of this.lists) written.set(list, await rowsInTurns(list, page, request))
      const { rows, cursorOf, hasNextPage, hasPreviousPage, totalCount } = page
      return write({ rows, cursorOf, hasNextPage, hasPreviousPage, totalCount, written }, request)
    }
    return { facts: this.facts, write, writeInTurns }
  }

  private fieldOf(placed: PlacedField): WritePage {
    const type = getNamedType(placed.field.type) as GraphQLObjectType
    switch (placed.field.name) {
      case 'edges':
        return this.list(this.edge(type, placed))
      case 'nodes':
        return this.list(this.node(type, placed))
      case 'pageInfo':
        return joined(type, this.planner.fieldsOf(type, placed.nodes), (below) => this.pageInfo(below, placed))
      case 'totalCount':
        this.facts.set('totalCount', { path: [placed.key], nodes: placed.nodes })
        return ({ totalCount }) => String(totalCount)
      default:
        throw new Unplanned(`A plan cannot read ${placed.field.name} of a connection.`)
    }
  }

  private list(write: WriteItem): WritePage {
    this.lists.push(write)
    return (page, request) => {
      const { rows, written } = page
      return `[${written?.get(write) ?? rows.map((row) => write({ row, page }, request)).join()}]`
    }
  }

  private edge(type: GraphQLObjectType, { nodes }: PlacedField): WriteItem {
    return joined(type, this.planner.fieldsOf(type, nodes), (placed) => {
      if (placed.field.name === 'cursor') return ({ row, page }: Item) => JSON.stringify(page.cursorOf(row))
      if (placed.field.name !== 'node') throw new Unplanned(`A plan cannot read ${placed.field.name} of an edge.`)
      return this.node(getNamedType(placed.field.type) as GraphQLObjectType, placed)
    })
  }

  private node(type: GraphQLObjectType, { nodes }: PlacedField): WriteItem {
    const write = this.planner.object(type, nodes, this.rows)
    return ({ row }, request) => write(row, request)
  }

  private pageInfo({ key, field: { name }, nodes }: PlacedField, above: PlacedField): WritePage {
    switch (name) {
      case 'startCursor':
        return (page) => cursorText(page, page.rows[0])
      case 'endCursor':
        return (page) => cursorText(page, page.rows.at(-1))
      case 'hasNextPage':
      case 'hasPreviousPage':
        this.facts.set(name, { path: [above.key, key], nodes })
        return (page) => String(page[name])
      default:
        throw new Unplanned(`A plan cannot read ${name} of a page.`)
    }
  }
}

interface Item {
  readonly row: TextRow
  readonly page: PlannedPage
}

async function rowsInTurns(write: WriteItem, page: PlannedPage, request: FieldRequest): Promise<string> {
  let text = ''
  let startedAt = performance.now()
  for (const row of page.rows) {
    if (performance.now() - startedAt > TURN_MS) {
      await request.context.turn?.()
      startedAt = performance.now()
    }
    text += `${text === '' ? '' : ','}${write({ row, page }, request)}`
  }
  return text
}

function cursorText(page: PlannedPage, row: TextRow | undefined): string {
  return row === undefined ? 'null' : JSON.stringify(page.cursorOf(row))
}
