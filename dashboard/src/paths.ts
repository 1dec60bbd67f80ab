// The addresses of the pages.

export const BASE = '/ui'

export const LIST_URL = `${BASE}/jobs`

export const jobUrl = (jobId: string): string => `${BASE}/jobs/${encodeURIComponent(jobId)}`
