// The schema: it is the committed one, keeps the contract, and has a description for everything.
import { readFileSync } from 'node:fs'
import {
  buildSchema,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  printSchema,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { schemaText } from '../../src/graphql/schemaText.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const contract = read('contract.graphql')

/** The changes that would break a client written against `promised`. */
function broken(promised: string, kept = schema): string[] {
  const before = buildSchema(promised)
  const changes = [...findBreakingChanges(before, kept), ...findDangerousChanges(before, kept)]
  // More types, values and optional arguments than promised are no breach.
  const noticed = changes
    .filter(({ type }) => !/_ADDED/.test(type) || type.startsWith('REQUIRED'))
    .map(({ description }) => description)
  return [...noticed, ...otherDefaults(before, kept)]
}

// graphql-js compares only the defaults of arguments, not those of input fields.
function otherDefaults(before: GraphQLSchema, after: GraphQLSchema): string[] {
  return Object.values(before.getTypeMap())
    .filter(isInputObjectType)
    .flatMap((type) =>
      Object.values(type.getFields())
        .filter(({ name, defaultValue }) => {
          const now = after.getType(type.name)
          return isInputObjectType(now) && now.getFields()[name]?.defaultValue !== defaultValue
        })
        .map(({ name }) => `${type.name}.${name} has another default.`),
    )
}

describe('the committed schema', () => {
  it('is the one that the code builds', () => {
    expect(read('../../src/graphql/schema.graphql')).toBe(schemaText())
  })

  it('differs from what graphql-js prints only by line breaks, and has at most 100 columns of prose', () => {
    const withoutSpace = (text: string): string => text.replaceAll(/\s+/g, '')
    expect(withoutSpace(schemaText())).toBe(withoutSpace(printSchema(schema)))
    const wide = schemaText()
      .split('\n')
      .filter((line) => line.length > 100)
    expect(wide.filter((line) => !line.startsWith('scalar '))).toEqual([])
  })
})

describe('the contract', () => {
  it('is kept', () => {
    expect(broken(contract)).toEqual([])
  })

  // Each promises something more than the schema keeps.
  it.each([
    ['a field', 'type Job implements Node {', 'type Job implements Node {\n  colour: String'],
    ['a type', 'scalar UUID', 'scalar UUID\ntype Colour { name: String }'],
    ['a field that is never null', 'preset: String\n', 'preset: String!\n'],
    ['an argument', 'jobCount(filter: JobFilter)', 'jobCount(filter: JobFilter, colour: String)'],
    ['an argument that may be left out', 'job(id: ID!)', 'job(id: ID)'],
    ['an enum value', 'enum OrderDirection { ASC', 'enum OrderDirection { SIDEWAYS ASC'],
    ['a member of a union', 'union DeleteJobResult = ', 'union DeleteJobResult = JobNotFound | '],
    ['an interface', 'type PageInfo {', 'type PageInfo implements Node { id: ID!'],
    ['another default', 'includeDeleted: Boolean = false', 'includeDeleted: Boolean = true'],
    ['another type', 'version: Int!', 'version: String!'],
    ['an input field', 'input DeleteJobInput {', 'input DeleteJobInput { colour: String'],
  ])('is reported as broken if it promises %s', (_, text, promise) => {
    expect(contract).toContain(text)
    expect(broken(contract.replace(text, promise))).not.toEqual([])
  })
})

describe('descriptions', () => {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))

  it('are given for every type, field, argument, input field and enum value', () => {
    expect(types.length).toBeGreaterThan(40)
    expect(types.flatMap(undescribed)).toEqual([])
  })
})

function undescribed(type: GraphQLNamedType): string[] {
  const parts: { name: string; description?: string | null | undefined }[] = [
    { name: type.name, description: type.description },
  ]
  if (isEnumType(type)) parts.push(...type.getValues())
  if (isInputObjectType(type)) parts.push(...Object.values(type.getFields()))
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) parts.push(field, ...field.args)
  }
  return parts.filter(({ description }) => !description).map(({ name }) => `${type.name}: ${name}`)
}
