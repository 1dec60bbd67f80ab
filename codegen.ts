// Typed documents for our own clients of the API - the commands and the tests - from the committed schema: `npm run codegen`.
// A client writes its operations into a .graphql file of src/client or test/client and imports them from documents.generated.ts there.
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
  generates: { ...documentsOf('src/client'), ...documentsOf('test/client') },
  config: {
    // Text that is always the same, not a syntax tree: the server keeps what it has parsed by its text.
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
