// The settings of the server itself: where it listens, how long it waits, and what it logs.
import { z } from 'zod'
import { integer, oneOf } from '../forms.ts'
import { DAY_MS } from '../ranges.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export const SERVER_VARIABLES = {
  NODE_ENV: oneOf(['development', 'production', 'test'], 'development').describe(
    'production: the log is always JSON, and GraphiQL and introspection are off.',
  ),
  HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address to listen on. 127.0.0.1: this machine only. 0.0.0.0: all addresses.'),
  PORT: integer(4000, { min: 0, max: 65_535 }).describe('Port to listen on. 0: any free port.'),
  REQUEST_TIMEOUT_MS: integer(30_000, { min: 1, max: DAY_MS }).describe(
    'Maximum time in milliseconds to receive a request, and again to answer it. Then the ' +
      'request is aborted and its statements are cancelled.',
  ),
  SHUTDOWN_TIMEOUT_MS: integer(10_000, { min: 0, max: DAY_MS }).describe(
    'Maximum time in milliseconds that running requests may take after SIGTERM, Ctrl-C or SIGHUP.',
  ),
  TRUSTED_DOCUMENTS: z
    .string()
    .optional()
    .describe(
      'A JSON file with the only operations that clients may run, by document id, besides those ' +
        'of the dashboard. Empty: clients may run any operation.',
    ),
  DASHBOARD: oneOf(['on', 'off'], 'on').describe(
    'on: the dashboard is served at /ui/, and a browser that opens / is sent there. off: neither.',
  ),
  LOG_LEVEL: oneOf(LOG_LEVELS, 'info').describe('Minimum level of log lines. debug logs each request.'),
  SLOW_THRESHOLD_MS: integer(1000, { min: 0, max: DAY_MS }).describe(
    'Requests and statements that take at least this many milliseconds are logged with the ' +
      'name of their operation. 0: off.',
  ),
}
