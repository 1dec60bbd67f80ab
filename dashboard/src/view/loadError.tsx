import { urlWith } from '../paths.ts'
import { ErrorNotice, type NoticeLink } from './notice.tsx'

interface LoadErrorProps {
  readonly message: string | undefined
  /** Whether the API refuses what the address asks for. */
  readonly isRefused: boolean
  onRetry(): void
  /** Addresses that the API may not refuse. */
  readonly links: readonly NoticeLink[]
}

/** Why a page could not be loaded, and what to do. After a refusal, trying again does not help. */
export function LoadError({ message, isRefused, onRetry, links }: LoadErrorProps) {
  if (message === undefined) return null
  return isRefused ? (
    <ErrorNotice message={message} links={links} />
  ) : (
    <ErrorNotice message={message} onRetry={onRetry} />
  )
}

/** The links of a list, or of another page with filters. `clearUrl`: its address without them. */
export function linksWithout(
  clearUrl: string | undefined,
  path: string,
  query: URLSearchParams,
): readonly NoticeLink[] {
  const isPage = query.has('after') || query.has('before')
  return [
    ...(isPage ? [{ label: 'Go to the first page', href: urlWith(path, query, {}) }] : []),
    ...(clearUrl === undefined ? [] : [{ label: 'Clear filters', href: clearUrl }]),
  ]
}
