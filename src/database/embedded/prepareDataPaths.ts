// Chooses the location of the data and the user of the server together, because they depend on each
// other. Creates the directory. Existing data decides. New data goes to DATA_DIR. The one exception
// is root with the default directory: if PostgreSQL's user cannot enter the checkout, the data goes
// to /var/lib/jobledger.
import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { candidatePaths, type DataPaths, occupiedPaths } from './dataPaths.ts'
import { EmbeddedDatabaseError } from './errors.ts'
import { canEnter, isRoot, type ServerAccount, serverAccount } from './serverAccount.ts'

export interface PreparedPaths {
  readonly place: DataPaths
  readonly account: ServerAccount
}

export function prepareDataPaths(
  dataDir: string,
  systemDir: string,
  log: { info(message: string): void },
): PreparedPaths {
  const places = candidatePaths(dataDir, systemDir)
  const occupied = occupiedPaths(isRoot() ? places : places.slice(0, 1))
  const account = serverAccount(occupied?.cluster)
  const place = occupied ?? (isRoot() ? places.find((candidate) => reachable(candidate, account)) : places[0])
  if (place === undefined || !makeReachable(place, account)) {
    throw new EmbeddedDatabaseError(
      `PostgreSQL refuses to run as root, and user ${account.uid}, whom it runs as instead, cannot enter ${dataDir}: ` +
        'set DATA_DIR to a directory that every user can enter, or set DATABASE_URL.',
    )
  }
  if (place !== places[0])
    log.info(
      `The database is kept in ${place.dir}: PostgreSQL runs as another user than root, who cannot enter ${dataDir}.`,
    )
  if (occupied === undefined)
    log.info(`preparing an embedded PostgreSQL in ${place.dir}; this happens once and takes some seconds`)
  return { place, account }
}

/** Whether the directory can be entered, or could be if it existed. */
function reachable(place: DataPaths, account: ServerAccount): boolean {
  let dir = place.dir
  while (!isDirectory(dir) && dir !== dirname(dir)) dir = dirname(dir)
  return canEnter(dir, account)
}

function makeReachable(place: DataPaths, account: ServerAccount): boolean {
  makeDirectory(place.dir)
  return account.uid === undefined || canEnter(place.dir, account)
}

/**
 * Also creates missing parent directories. Under root, others may pass through them but not list
 * them.
 */
function makeDirectory(dir: string): void {
  if (isDirectory(dir)) return
  makeDirectory(dirname(dir))
  try {
    // Not recursive: below /proc, where nothing can be created, Node would retry without end.
    mkdirSync(dir)
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isDirectory(dir)) throw error
  }
  chmodSync(dir, isRoot() ? 0o711 : 0o700) // The umask reduces the mode that is passed to mkdir.
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
