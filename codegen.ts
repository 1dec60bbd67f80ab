// Generates typed documents for our own clients of the API, the commands, the dashboard and the
// tests: `npm run codegen`. The operations are the .graphql files of the folders below; import them
// from documents.generated.ts in the same folder.
import type { CodegenConfig } from '@graphql-codegen/cli'
import { DOCUMENT_IDS, DOCUMENT_TEXTS } from './dashboard/documentIds.ts'

const documentsOf = (folder: string): CodegenConfig['generates'] => ({
  [`${folder}/documents.generated.ts`]: {
    documents: `${folder}/*.graphql`,
    plugins: ['typescript', 'typescript-operations', 'typed-document-node'],
  },
})

const DASHBOARD_OPERATIONS = 'dashboard/src/api/*.graphql'

const config: CodegenConfig = {
  schema: 'src/graphql/schema.graphql',
  ignoreNoDocuments: true,
  generates: {
    ...documentsOf('src/client'),
    ...documentsOf('test/client'),
    'dashboard/src/api/documents.generated.ts': {
      documents: DASHBOARD_OPERATIONS,
      preset: DOCUMENT_IDS,
      plugins: ['typescript', 'typescript-operations'],
    },
    'src/http/dashboard/documents.generated.ts': {
      documents: DASHBOARD_OPERATIONS,
      preset: DOCUMENT_TEXTS,
      plugins: [],
    },
  },
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
