import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ErrorNotice } from '../view/notice.tsx'
import { PageHeading } from './pageHeading.tsx'

export interface PageProps {
  /** The item of the address, for a page of one. */
  readonly item?: string
}

interface LazyPageProps extends PageProps {
  readonly title: string
  /** Loads the files of the page. A server of another version no longer has them. */
  load(): Promise<ComponentType<PageProps>>
}

/** A page whose files are loaded when it is opened. */
export function LazyPage({ title, load, ...item }: LazyPageProps) {
  const [page, setPage] = useState<{ Page: ComponentType<PageProps> } | undefined>(undefined)
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
  if (page !== undefined) return <page.Page {...item} />
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
