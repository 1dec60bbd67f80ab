// How long a failed job waits for its next attempt. The database computes it (jobledger.retry_delay); a session may tell it other limits.

export interface RetryDelay {
  /** After the first failure, in milliseconds; doubled with each that follows, then shortened by up to a half by chance. */
  retryBaseMs?: number
  /** At most so long, in milliseconds. */
  retryMaxMs?: number
}

/** What the database takes unless it is told otherwise. */
export const DEFAULT_RETRY_DELAY = { retryBaseMs: 10_000, retryMaxMs: 3_600_000 } as const

/**
 * The settings of a session that tell the database. A default is not told: it would hide the settings that a role or the database itself may
 * have.
 */
export function retryDelaySettings({ retryBaseMs, retryMaxMs }: RetryDelay): Record<string, string> {
  const settings: Record<string, string> = {}
  if (retryBaseMs !== undefined && retryBaseMs !== DEFAULT_RETRY_DELAY.retryBaseMs) {
    settings['jobledger.retry_base_ms'] = String(retryBaseMs)
  }
  if (retryMaxMs !== undefined && retryMaxMs !== DEFAULT_RETRY_DELAY.retryMaxMs) {
    settings['jobledger.retry_max_ms'] = String(retryMaxMs)
  }
  return settings
}
