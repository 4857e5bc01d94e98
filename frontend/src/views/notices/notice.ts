import type { RouteLocationRaw } from 'vue-router'
import type { Notice } from '@/api/models'

// Titles are of any script, and keep to themselves within a sentence of another (UAX #9, isolates).
const apart = (words: string) => words && `\u2068${words}\u2069`

const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** What a notice's words are filled with: its data as texts, and those that a language has words of its own for. */
export function filling({ data }: Pick<Notice, 'data'>, t: (key: string) => string): Record<string, string> {
  const said = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, text(value)]))
  for (const name of ['title', 'reason']) if (said[name]) said[name] = apart(said[name])
  if (said.what) said.what = t(`notices.whats.${said.what}`)
  if (said.channel) said.channel = t(`channels.${said.channel}`)
  return said
}

/** Where what a notice tells of can be looked at or acted on; null where there is no such page. */
export function placeOf({ kind, data }: Pick<Notice, 'kind' | 'data'>): RouteLocationRaw | null {
  switch (kind) {
    case 'loan-requested':
      return { name: 'requests' }
    case 'loan-granted':
    case 'loan-waiting':
    case 'loan-ready':
      return { name: 'my-loans' }
    case 'loan-denied':
    case 'loan-expired':
    case 'loan-revoked':
      return text(data.book_id) ? { name: 'book', params: { id: text(data.book_id) } } : null
    case 'letters-failed':
      return { name: 'desk', hash: '#failed' }
    case 'channel-stopped':
      return { name: 'profile', hash: '#reminders' }
    case 'export-ready':
    case 'export-failed':
      return { name: 'desk', hash: '#exports' }
    case 'monthly-report':
      return { name: 'reports' }
    case 'reading-month':
      return { name: 'my-reports' }
    default:
      return null
  }
}
