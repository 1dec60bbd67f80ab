import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ErrorNotice } from '../view/notice.tsx'
import { PageHeading } from './pageHeading.tsx'

interface LazyPageProps {
  readonly title: string
  /** Loads the files of the page. The server of another version no longer has them. */
  load(): Promise<ComponentType>
}

/** A page whose files are loaded when it is opened. */
export function LazyPage({ title, load }: LazyPageProps) {
  const [page, setPage] = useState<{ Page: ComponentType } | undefined>(undefined)
  const [isFailed, setIsFailed] = useState(false)
  useEffect(() => {
    let isGone = false
    load().then(
      (Page) => isGone || setPage({ Page }),
      () => isGone || setIsFailed(true),
    )
    return () => {
      isGone = true
    }
  }, [load])
  if (page !== undefined) return <page.Page />
  return (
    <>
      <PageHeading title={title} />
      {isFailed && (
        <ErrorNotice
          message="The page could not be loaded. The server cannot be reached, or it has been updated."
          action="Reload"
          onRetry={() => location.reload()}
        />
      )}
    </>
  )
}
