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

export interface ConnectionPlan {
  /** Each with the place in the response that needs it, below the connection. */
  readonly facts: ReadonlyMap<PageFact, FactPlace>
  write(page: PlannedPage, request: FieldRequest): string
}

/** For errors. */
export interface FactPlace {
  readonly path: readonly string[]
  readonly nodes: PlacedField['nodes']
}

type WritePage = (page: PlannedPage, request: FieldRequest) => string

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
  private readonly planner: ObjectPlanner
  private readonly rows: Rows

  constructor(planner: ObjectPlanner, rows: Rows) {
    this.planner = planner
    this.rows = rows
  }

  plan(type: GraphQLObjectType, nodes: PlacedField['nodes']): ConnectionPlan {
    const write = joined(type, this.planner.fieldsOf(type, nodes), (placed) => this.fieldOf(placed))
    return { facts: this.facts, write }
  }

  private fieldOf(placed: PlacedField): WritePage {
    const type = getNamedType(placed.field.type) as GraphQLObjectType
    switch (placed.field.name) {
      case 'edges':
        return listOf(this.edge(type, placed))
      case 'nodes':
        return listOf(this.node(type, placed))
      case 'pageInfo':
        return joined(type, this.planner.fieldsOf(type, placed.nodes), (below) => this.pageInfo(below, placed))
      case 'totalCount':
        this.facts.set('totalCount', { path: [placed.key], nodes: placed.nodes })
        return ({ totalCount }) => String(totalCount)
      default:
        throw new Unplanned(`A plan cannot read ${placed.field.name} of a connection.`)
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

type WriteItem = (item: Item, request: FieldRequest) => string

function listOf(write: WriteItem): WritePage {
  return (page, request) => {
    let text = ''
    for (const row of page.rows) text += `${text === '' ? '' : ','}${write({ row, page }, request)}`
    return `[${text}]`
  }
}

function cursorText(page: PlannedPage, row: TextRow | undefined): string {
  return row === undefined ? 'null' : JSON.stringify(page.cursorOf(row))
}
