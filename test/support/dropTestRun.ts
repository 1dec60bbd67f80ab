// A program: drops the databases of a test run that was interrupted. Arguments: the server's URL, the run's prefix.
import process from 'node:process'
import { dropDatabases } from './testRun.ts'

const [serverUrl, prefix] = process.argv.slice(2)
// An empty prefix would be the beginning of every name on that server.
if (!serverUrl || !prefix?.startsWith('jobledger_test_')) throw new Error('Usage: dropTestRun.ts URL PREFIX')
await dropDatabases(serverUrl, prefix)
