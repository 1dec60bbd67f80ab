// Delay before the next attempt of a failed job. The database computes it (jobledger.retry_delay).
// Session settings can override its limits.

export interface RetryDelay {
  /**
   * Delay after the first failure, in milliseconds. Doubles with each further failure. Then a
   * random part of up to half is subtracted.
   */
  retryBaseMs?: number
  /** Maximum delay, in milliseconds. */
  retryMaxMs?: number
}

/** The defaults of the database. */
export const DEFAULT_RETRY_DELAY = { retryBaseMs: 10_000, retryMaxMs: 3_600_000 } as const

/**
 * Session settings for the limits that differ from the defaults. A default is not set, because it
 * would hide settings of the role or of the database.
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
