import type { Export, LoanStatus, NewExport } from '@/api/models'

export type ExportKind = Export['kind']
export const exportKinds: readonly ExportKind[] = ['loans', 'books', 'patrons', 'ratings']

/** What the form of an export holds at first. */
export const nothingYet = () => ({
  kind: 'loans' as ExportKind,
  status: [] as LoanStatus[],
  section: '',
  group: '',
  from: '',
  to: '',
  webhook_url: '',
})

export type Wanted = ReturnType<typeof nothingYet>

/** What is asked of the library: a filter only where it is for the kind, and says something. */
export function exportOf({ kind, status, section, group, from, to, webhook_url }: Wanted): NewExport {
  return {
    kind,
    ...(kind === 'loans' && status.length && { status: status.join(',') }),
    ...(kind === 'books' && section && { section }),
    ...(kind === 'patrons' && group.trim() && { group: group.trim() }),
    ...(from && { from }),
    ...(to && { to }),
    ...(webhook_url.trim() && { webhook_url: webhook_url.trim() }),
  }
}

/** Whether there is still something to come of an export. */
export const isUnderWay = ({ status, webhook }: Pick<Export, 'status' | 'webhook'>) =>
  status === 'queued' || status === 'running' || (status === 'ready' && webhook === 'pending')

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

/** A size in the words of a language, as "1.4 MB". */
export function sizeIn(locale: string, bytes: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: units[step],
    maximumFractionDigits: 1,
  }).format(bytes / 1000 ** step)
}
