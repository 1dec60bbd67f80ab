import { useRef, useState } from 'preact/hooks'
import { announce } from '../view/announcements.tsx'
import { saveFile } from '../view/saveFile.ts'
import { type ExportFormat, exportJobs } from './exportJobs.ts'
import type { ListRequest } from './listAddress.ts'

const FORMATS = [
  { format: 'csv', label: 'CSV' },
  { format: 'ndjson', label: 'NDJSON' },
] as const

/** Exports all jobs that match, not only the page. */
export function ExportButtons({ list }: { readonly list: ListRequest }) {
  const [progress, setProgress] = useState<string | undefined>(undefined)
  const [fault, setFault] = useState<string | undefined>(undefined)
  const running = useRef<AbortController | undefined>(undefined)
  const start = async (format: ExportFormat): Promise<void> => {
    const abort = new AbortController()
    running.current = abort
    setProgress('0 jobs')
    setFault(undefined)
    try {
      const onProgress = (jobs: number): void => setProgress(`${jobs} jobs`)
      const file = await exportJobs(list, { format, signal: abort.signal, onProgress })
      saveFile(file, `jobs-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${format}`)
      announce('The export is complete.')
    } catch (error) {
      if (!abort.signal.aborted) setFault(`The export failed: ${error instanceof Error ? error.message : error}`)
    } finally {
      running.current = undefined
      setProgress(undefined)
    }
  }
  if (progress !== undefined) {
    return (
      <span class="button-group">
        <span class="export-progress">{progress}</span>
        <button type="button" class="button" onClick={() => running.current?.abort()}>
          Cancel export
        </button>
      </span>
    )
  }
  return (
    <fieldset class="button-group">
      <legend class="visually-hidden">Export all matching jobs</legend>
      {fault !== undefined && (
        <span class="fault" role="alert">
          {fault}
        </span>
      )}
      {FORMATS.map(({ format, label }) => (
        <button key={format} type="button" class="button" onClick={() => void start(format)}>
          {label === 'CSV' ? 'Export CSV' : label}
        </button>
      ))}
    </fieldset>
  )
}
