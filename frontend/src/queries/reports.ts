import { answer } from '@/api/access'
import { api } from '@/api/client'
import type { Report } from '@/api/models'
import { useListing } from './listing'

/** One's own reports, the newest month first; the librarian's are those of the library. */
export const useReports = () =>
  useListing<Report>({
    key: ['reports'],
    page: (cursor) => answer(api.GET('/api/reports', { params: { query: { cursor, limit: 24 } } })),
  })

/** The report with addresses that hold from now on for a while. */
export const fetchReport = (report_id: string) =>
  answer(api.GET('/api/reports/{report_id}', { params: { path: { report_id } } }))
