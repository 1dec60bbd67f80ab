// A program that drops the databases of an interrupted test run. Arguments: the URL of the server,
// the prefix of the run.
import process from 'node:process'
import { dropDatabases } from './testRun.ts'

const [serverUrl, prefix] = process.argv.slice(2)
// An empty prefix would match every database on the server.
if (!serverUrl || !prefix?.startsWith('jobledger_test_')) throw new Error('Usage: dropTestRun.ts URL PREFIX')
await dropDatabases(serverUrl, prefix)
