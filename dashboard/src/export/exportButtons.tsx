import { useRef, useState } from 'preact/hooks'
import { announce } from '../view/announcements.tsx'
import { saveFile } from '../view/saveFile.ts'
import { type Exportable, type ExportFormat, exportFile } from './exportFile.ts'

const FORMATS = [
  { format: 'csv', label: 'CSV' },
  { format: 'ndjson', label: 'NDJSON' },
] as const

/** Exports all rows of a list, not only the page. */
export function ExportButtons<Row>({ list }: { readonly list: Exportable<Row> }) {
  const plural = `${list.noun}s`
  const [progress, setProgress] = useState<string | undefined>(undefined)
  const [fault, setFault] = useState<string | undefined>(undefined)
  const running = useRef<AbortController | undefined>(undefined)
  const start = async (format: ExportFormat): Promise<void> => {
    const abort = new AbortController()
    running.current = abort
    setProgress(`0 ${plural}`)
    setFault(undefined)
    try {
      const onProgress = (rows: number): void => setProgress(`${rows} ${plural}`)
      const file = await exportFile(list, { format, signal: abort.signal, onProgress })
      saveFile(file, `${plural}-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.${format}`)
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
      <legend class="visually-hidden">Export all matching {plural}</legend>
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
