// Generates typed documents for our own clients of the API, the commands, the dashboard and the
// tests: `npm run codegen`. The operations are the .graphql files of the folders below; import them
// from documents.generated.ts in the same folder.
import type { CodegenConfig } from '@graphql-codegen/cli'

const documentsOf = (folder: string): CodegenConfig['generates'] => ({
  [`${folder}/documents.generated.ts`]: {
    documents: `${folder}/*.graphql`,
    plugins: ['typescript', 'typescript-operations', 'typed-document-node'],
  },
})

const config: CodegenConfig = {
  schema: 'src/graphql/schema.graphql',
  ignoreNoDocuments: true,
  generates: Object.assign({}, ...['src/client', 'dashboard/src/api', 'test/client'].map(documentsOf)),
  config: {
    // Text, not a syntax tree: the server caches parsed documents by their text.
    documentMode: 'string',
    scalars: { DateTime: 'string', UUID: 'string', JSON: 'unknown', JSONObject: 'Record<string, unknown>' },
    strictScalars: true,
    onlyOperationTypes: true,
    enumsAsTypes: true,
    useTypeImports: true,
    immutableTypes: true,
    dedupeFragments: true,
    skipTypename: true,
    avoidOptionals: { field: true, inputValue: false, object: true, defaultValue: false },
  },
}

export default config
