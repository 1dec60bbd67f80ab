// The frame of every page: the header, the page of the address, and the dialogs.
import { useEffect, useState } from 'preact/hooks'
import { loadSession, mustSignIn, session } from '../api/session.ts'
import { JobPage } from '../job/jobPage.tsx'
import { JobsPage } from '../jobs/jobsPage.tsx'
import { LIST_URL } from '../paths.ts'
import { address, navigate } from '../router.ts'
import { Announcements } from '../view/announcements.tsx'
import { useShortcuts } from '../view/keys.ts'
import { ErrorNotice } from '../view/notice.tsx'
import { Header } from './header.tsx'
import { LazyPage } from './lazyPage.tsx'
import { NotFoundPage } from './notFoundPage.tsx'
import { pageUrl, visiblePages } from './pages.ts'
import { ShortcutsDialog } from './shortcutsDialog.tsx'
import { SignInPage } from './signInPage.tsx'
import { chooseNextTheme } from './theme.ts'
import { loadViewer, viewer } from './viewer.ts'

/** Time between two attempts to reach the server. */
const RETRY_MS = 3000

export function App() {
  const [showsShortcuts, setShowsShortcuts] = useState(false)
  const [fault, setFault] = useState<string | undefined>(undefined)
  const open = (): void => {
    loadSession().then(
      () => setFault(undefined),
      () => setFault('The server cannot be reached.'),
    )
  }
  useEffect(open, [])
  useEffect(() => {
    if (fault === undefined) return
    const timer = setInterval(open, RETRY_MS)
    return () => clearInterval(timer)
  }, [fault])
  const isOpen = session.value !== undefined && !mustSignIn()
  useEffect(() => {
    viewer.value = undefined
    if (isOpen) void loadViewer()
  }, [isOpen])
  useShortcuts([
    { key: '?', label: 'Show the keys', run: () => setShowsShortcuts(true) },
    { key: '/', label: 'Find a job by its id', run: focusSearch },
    ...visiblePages().map((page) => ({
      key: page.key,
      label: `Go to ${page.title}`,
      run: () => navigate(pageUrl(page)),
    })),
    { key: 't', label: 'Change between light and dark', run: chooseNextTheme },
  ])
  return (
    <>
      <a class="skip-link" href="#main">
        Skip to the page
      </a>
      <Header onShowShortcuts={() => setShowsShortcuts(true)} />
      <main id="main">
        {fault !== undefined && <ErrorNotice message={fault} onRetry={open} />}
        {mustSignIn() && <SignInPage />}
        {isOpen && <Page />}
      </main>
      <Announcements />
      {showsShortcuts && <ShortcutsDialog onClose={() => setShowsShortcuts(false)} />}
    </>
  )
}

function Page() {
  const { path } = address.value
  const [, section, item, ...rest] = path.split('/')
  useEffect(() => {
    if (path === '/') navigate(LIST_URL, { replace: true })
  }, [path])
  if (path === '/') return null
  const id = item === undefined ? undefined : decoded(item)
  if (rest.length > 0 || id === null) return <NotFoundPage />
  if (section === 'jobs') return id === undefined ? <JobsPage /> : <JobPage key={id} jobId={id} />
  if (section === 'actors' && id !== undefined) return <LazyPage key={id} title={id} item={id} load={loadActorPage} />
  if (section === 'bulk' && id !== undefined)
    return <LazyPage key={id} title="Bulk action" item={id} load={loadBulkActionPage} />
  const page = LAZY_PAGES.get(section ?? '')
  return page === undefined || id !== undefined ? <NotFoundPage /> : <LazyPage key={section} {...page} />
}

const LAZY_PAGES = new Map([
  ['records', { title: 'Activity', load: async () => (await import('../records/recordsPage.tsx')).RecordsPage }],
  [
    'statistics',
    { title: 'Statistics', load: async () => (await import('../statistics/statisticsPage.tsx')).StatisticsPage },
  ],
  ['bulk', { title: 'Bulk actions', load: async () => (await import('../bulk/bulkPage.tsx')).BulkPage }],
  [
    'operations',
    { title: 'Operations', load: async () => (await import('../operations/operationsPage.tsx')).OperationsPage },
  ],
])

async function loadActorPage() {
  return (await import('../actor/actorPage.tsx')).ActorPage
}

async function loadBulkActionPage() {
  return (await import('../bulk/bulkActionPage.tsx')).BulkActionPage
}

/** Null if the segment of the path has a broken escape. */
function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

function focusSearch(): void {
  document.querySelector<HTMLInputElement>('#find-job')?.focus()
}
