// Gives each operation of the dashboard an id, by which the page sends it and the server knows it.
// So the page works where only trusted documents run, and a page of another version cannot run an
// operation that has changed meanwhile. Presets of the code generator, for codegen.ts.
import { createHash } from 'node:crypto'
import { concatAST, type DocumentNode, print, separateOperations } from 'graphql'

interface Document {
  readonly document?: DocumentNode | undefined
}

interface Operation {
  readonly name: string
  /** The text with the fragments that it uses. */
  readonly text: string
  readonly id: string
}

type Plugin = (schema: unknown, documents: readonly Document[]) => string

/** Typed documents, which hold the id instead of the text. */
export const DOCUMENT_IDS = presetOf((_schema, documents) => {
  const constants = operationsOf(documents).map(
    ({ name, id }) => `export const ${name}Document = documentOf<${typesOf(name, documents)}>('${id}');`,
  )
  return [
    "import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';",
    'export type DocumentId<Data, Variables> = DocumentTypeDecoration<Data, Variables> & { readonly id: string };',
    'const documentOf = <Data, Variables>(id: string): DocumentId<Data, Variables> => ({ id });',
    ...constants,
  ].join('\n')
})

/** The texts by id. */
export const DOCUMENT_TEXTS = presetOf((_schema, documents) => {
  const entries = operationsOf(documents).map(({ id, text }) => `  ['${id}', ${JSON.stringify(text)}],`)
  return [
    '/** The operations of the dashboard by id. */',
    'export const DASHBOARD_DOCUMENTS: ReadonlyMap<string, string> = new Map([',
    ...entries,
    ']);',
  ].join('\n')
})

function operationsOf(documents: readonly Document[]): Operation[] {
  const all = concatAST(documents.flatMap(({ document }) => document ?? []))
  return Object.entries(separateOperations(all)).map(([name, document]) => {
    const text = print(document)
    return { name, text, id: createHash('sha256').update(text).digest('hex') }
  })
}

/** The names of the types that the plugin typescript-operations generates. */
function typesOf(name: string, documents: readonly Document[]): string {
  const definitions = documents.flatMap(({ document }) => document?.definitions ?? [])
  const found = definitions.find((each) => each.kind === 'OperationDefinition' && each.name?.value === name)
  const kind = found?.kind === 'OperationDefinition' ? found.operation : 'query'
  const type = `${name}${kind[0]?.toUpperCase()}${kind.slice(1)}`
  return `${type}, ${type}Variables`
}

/** A preset that runs the configured plugins and then this one. */
function presetOf(plugin: Plugin) {
  return {
    // biome-ignore lint/suspicious/noExplicitAny: the options of the code generator have no type that it exports
    buildGeneratesSection: ({ baseOutputDir: filename, plugins, pluginMap, ...options }: any) => [
      { ...options, filename, plugins: [...plugins, { own: {} }], pluginMap: { ...pluginMap, own: { plugin } } },
    ],
  }
}
