// The pages of the navigation, in its order.
import { BASE } from '../paths.ts'
import { mayReadOperations } from './viewer.ts'

export interface NavigationPage {
  /** The first segment of its path below /ui. */
  readonly section: string
  readonly title: string
  /** The key that opens it. */
  readonly key: string
}

const NAVIGATION: readonly NavigationPage[] = [
  { section: 'jobs', title: 'Jobs', key: 'h' },
  { section: 'records', title: 'Activity', key: 'a' },
  { section: 'statistics', title: 'Statistics', key: 's' },
  { section: 'bulk', title: 'Bulk actions', key: 'b' },
  { section: 'operations', title: 'Operations', key: 'e' },
]

/** The pages that the viewer may see. */
export function visiblePages(): readonly NavigationPage[] {
  return NAVIGATION.filter(({ section }) => section !== 'operations' || mayReadOperations())
}

export const pageUrl = ({ section }: NavigationPage): string => `${BASE}/${section}`
