// The settings of the seal. Reads the key, so that a server with an unusable one does not start.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type NoteSigner, readPrivateKey } from '../proof/noteKeys.ts'
import type { SealerSettings } from '../seal/sealer.ts'

interface SealVariables {
  readonly SEAL_KEY_FILE?: string | undefined
  readonly LEDGER_ORIGIN?: string | undefined
  readonly SEAL_INTERVAL_SECONDS: number
  readonly CHECKPOINT_FILE?: string | undefined
}

/** The key in SEAL_KEY_FILE, or the fault that must prevent the server from starting. */
export interface SealKey {
  /** Undefined without the setting: the ledger is not sealed. */
  readonly signer: NoteSigner | undefined
  readonly faults: readonly string[]
}

/** Reads the file of SEAL_KEY_FILE. */
export function readSealKey(file: string | undefined): SealKey {
  if (!file) return { signer: undefined, faults: [] }
  try {
    return { signer: readPrivateKey(readFileSync(file, 'utf8').trim()), faults: [] }
  } catch (error) {
    const why = (error as Error).message.replace(/\.?$/, '.')
    return { signer: undefined, faults: [`SEAL_KEY_FILE names ${file}, which cannot be used: ${why}`] }
  }
}

export function sealSettings(env: SealVariables, signer: NoteSigner | undefined): SealerSettings | undefined {
  if (signer === undefined) return undefined
  return {
    signer,
    origin: env.LEDGER_ORIGIN ?? signer.name,
    intervalSeconds: env.SEAL_INTERVAL_SECONDS,
    checkpointFile: env.CHECKPOINT_FILE === undefined ? undefined : resolve(env.CHECKPOINT_FILE),
  }
}
