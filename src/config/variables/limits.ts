// The settings that bound what clients send, receive and keep busy.
import { DEFAULT_DOCUMENT_LIMITS } from '../../graphql/limits/documentLimits.ts'
import { DEFAULT_LIMITS, MAX_INT } from '../../ledger/limits.ts'
import { integer, numberWithin } from '../forms.ts'
import { MEBIBYTE } from '../ranges.ts'

/** PostgreSQL stores at most 256 MiB in a string of jsonb. */
const MAX_VALUE_BYTES = 128 * MEBIBYTE
/** V8 holds at most 512 MiB in a string. */
const MAX_BODY_BYTES = 256 * MEBIBYTE
/**
 * An index row has at most 2704 bytes, and that of idempotency keys holds two names of up to four
 * bytes a character.
 */
const MAX_NAME_CHARACTERS = 330

export const VALUE_LIMIT_VARIABLES = {
  LIMIT_CONTENT_BYTES: integer(DEFAULT_LIMITS.contentBytes, { min: 1, max: MAX_VALUE_BYTES }).describe(
    'Maximum size of the content of a job, in bytes of UTF-8.',
  ),
  LIMIT_METADATA_BYTES: integer(DEFAULT_LIMITS.metadataBytes, { min: 2, max: MAX_VALUE_BYTES }).describe(
    'Maximum size of the metadata of a job or a transition, in bytes of JSON.',
  ),
  LIMIT_OUTPUT_BYTES: integer(DEFAULT_LIMITS.outputBytes, { min: 1, max: MAX_VALUE_BYTES }).describe(
    'Maximum size of the output of a result, in bytes of JSON.',
  ),
  LIMIT_REASON_BYTES: integer(DEFAULT_LIMITS.reasonBytes, { min: 1, max: MEBIBYTE }).describe(
    'Maximum size of the reason of a transition, in bytes.',
  ),
  LIMIT_ERROR_MESSAGE_BYTES: integer(DEFAULT_LIMITS.errorMessageBytes, { min: 1, max: MEBIBYTE }).describe(
    'Maximum size of an error message, in bytes.',
  ),
  LIMIT_NAME_CHARACTERS: integer(DEFAULT_LIMITS.nameCharacters, { min: 1, max: MAX_NAME_CHARACTERS }).describe(
    'Maximum length of a user id, preset, actor or idempotency key, in characters.',
  ),
  LIMIT_BATCH_ITEMS: integer(DEFAULT_LIMITS.batchItems, { min: 1, max: 10_000 }).describe(
    'Maximum number of items in a batch.',
  ),
  LIMIT_PAGE_SIZE: integer(DEFAULT_LIMITS.pageSize, { min: 1, max: 10_000 }).describe(
    'Maximum number of items on a page.',
  ),
  LIMIT_DEFAULT_PAGE_SIZE: integer(DEFAULT_LIMITS.defaultPageSize, { min: 1, max: 10_000 }).describe(
    'Number of items on a page if the caller gives none.',
  ),
}

export const REQUEST_LIMIT_VARIABLES = {
  LIMIT_BODY_BYTES: integer(4 * MEBIBYTE, { min: 1024, max: MAX_BODY_BYTES }).describe(
    'Maximum size of the body of a request, in bytes.',
  ),
  LIMIT_RESPONSE_BYTES: integer(32 * MEBIBYTE, { min: 1024, max: MAX_BODY_BYTES }).describe(
    'Maximum size of a response, and of each event of a subscription, in bytes. A mutation ' +
      'whose response would be larger is refused ' +
      'before it commits. Never more than 17 % of LIMIT_MEMORY_BYTES.',
  ),
  LIMIT_MEMORY_BYTES: numberWithin({ min: MEBIBYTE, max: 1024 * 1024 * MEBIBYTE })
    .optional()
    .describe(
      'Maximum memory for all requests together, as estimated, in bytes. When it is used up, ' +
        'the largest request of the caller that uses ' +
        'most is stopped: a query starts again later, any other request gets UNAVAILABLE ' +
        '(503). Empty: a quarter of the heap of Node (--max-old-space-size).',
    ),
  LIMIT_DOCUMENT_BYTES: integer(DEFAULT_DOCUMENT_LIMITS.bytes, { min: 100, max: MAX_BODY_BYTES }).describe(
    'Maximum size of a GraphQL document, in bytes.',
  ),
  LIMIT_DOCUMENT_TOKENS: integer(DEFAULT_DOCUMENT_LIMITS.tokens, { min: 100, max: MAX_INT }).describe(
    'Maximum number of tokens of a document.',
  ),
  LIMIT_DOCUMENT_DEPTH: integer(DEFAULT_DOCUMENT_LIMITS.depth, { min: 1, max: 1000 }).describe(
    'Maximum depth of nested fields.',
  ),
  LIMIT_DOCUMENT_ALIASES: integer(DEFAULT_DOCUMENT_LIMITS.aliases, { min: 0, max: MAX_INT }).describe(
    'Maximum number of aliases and repeated fields of a document.',
  ),
  LIMIT_DOCUMENT_DIRECTIVES: integer(DEFAULT_DOCUMENT_LIMITS.directives, { min: 0, max: MAX_INT }).describe(
    'Maximum number of directives of a document.',
  ),
  LIMIT_DOCUMENT_COST: integer(DEFAULT_DOCUMENT_LIMITS.cost, { min: 1, max: MAX_INT }).describe(
    'Maximum cost of an operation: the jobs, records, results and batch items that it could ' +
      'touch; see docs/api.md.',
  ),
  LIMIT_REQUEST_STATEMENTS: integer(2, { min: 1, max: 10_000 }).describe(
    'Maximum number of SQL statements of one request that run at once.',
  ),
  LIMIT_CALLER_STATEMENTS: integer(8, { min: 1, max: 10_000 }).describe(
    'Maximum number of SQL statements of one caller that run at once; in an open server, of ' +
      'one address. Others wait for their turn.',
  ),
}
