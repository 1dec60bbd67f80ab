// Limits that several settings share.

export const DAY_MS = 86_400_000
export const MEBIBYTE = 1024 * 1024
