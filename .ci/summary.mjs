// The results of the legs of .ci/run, from the JSON reports of Vitest: DIRECTORY/LEG.json, and
// DIRECTORY/LEG-again.json if failing files of a leg were run a second time.
// summary.mjs files REPORT: the files that failed, by a test or by not loading, a line each.
// summary.mjs total DIRECTORY FAILED_STEPS: names what failed, then the line "N passed, N failed";
// exits with 1 if anything failed.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

function filesOf(report) {
  return JSON.parse(readFileSync(report, 'utf8')).testResults
}

function resultsOf(report) {
  const counts = new Map()
  return filesOf(report).flatMap((file) =>
    file.assertionResults.map(({ fullName, status }) => {
      const name = `${relative(process.cwd(), file.name)}: ${fullName}`
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      // Several tests may have one name.
      return { name: count === 1 ? name : `${name} (${count})`, status }
    }),
  )
}

function printFiles(report) {
  for (const { name, status } of filesOf(report)) if (status === 'failed') console.log(relative(process.cwd(), name))
}

/** By leg and name, the status of each run of a test, the last one last. */
function statuses(directory) {
  const tests = new Map()
  // LEG.json comes before LEG-again.json.
  const reports = readdirSync(directory).filter((name) => name.endsWith('.json'))
  for (const report of reports.sort((a, b) => a.length - b.length)) {
    const leg = report.replace(/(-again)?\.json$/, '')
    for (const { name, status } of resultsOf(join(directory, report))) {
      const key = `${leg}: ${name}`
      tests.set(key, [...(tests.get(key) ?? []), status])
    }
  }
  return tests
}

function printTotal(directory, failedSteps) {
  const tests = [...statuses(directory)]
  const passed = tests.filter(([, runs]) => runs.at(-1) === 'passed')
  const failing = tests.filter(([, runs]) => runs.at(-1) === 'failed')
  for (const [name] of passed.filter(([, runs]) => runs.includes('failed'))) console.log(`!!! FAILED ONCE: ${name}`)
  for (const [name] of failing) console.log(`!!! FAILED: ${name}`)
  // A step may fail without a failing test: the linter, a file that does not load, the coverage.
  const failed = Math.max(failing.length, failedSteps)
  console.log(`${passed.length} passed, ${failed} failed`)
  process.exitCode = failed === 0 && passed.length > 0 ? 0 : 1
}

const [command, path, failedSteps] = process.argv.slice(2)
if (command === 'files') printFiles(path)
else printTotal(path, Number(failedSteps))
