// Numbers that bound several settings.

export const MAX_INT = 2 ** 31 - 1
export const DAY_MS = 86_400_000
export const MEBIBYTE = 1024 * 1024
