// Checks that a program can be executed before jobs fail because it cannot.
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { childEnvironment } from '../../database/childEnvironment.ts'
import { UsageError } from '../program/usageError.ts'

/**
 * @throws UsageError unless `name` is the path of an executable file, or without a slash the name
 * of one in PATH
 */
export async function requireExecutable(name: string): Promise<void> {
  const dirs = (childEnvironment().PATH ?? '').split(delimiter)
  const candidates = name.includes('/') ? [name] : dirs.map((dir) => join(dir, name))
  for (const candidate of candidates) if (await isExecutable(candidate)) return
  for (const candidate of candidates) {
    if (await isFile(candidate)) {
      throw new UsageError(
        `--exec must name an executable file; ${candidate} is not executable: run chmod +x ${candidate}`,
      )
    }
  }
  const where = name.includes('/') ? '' : ` in PATH (for a file in the current directory, use ./${name})`
  throw new UsageError(`--exec must name an executable file; ${JSON.stringify(name)} was not found${where}.`)
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return await isFile(path)
  } catch {
    return false
  }
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}
