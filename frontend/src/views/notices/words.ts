import { useI18n } from 'vue-i18n'
import type { Notice } from '@/api/models'
import { filling } from './notice'

/** Notices in words. A kind that came to the library after this page did is told by its own name. */
export function useNoticeWords() {
  const { t, te, n, locale } = useI18n()

  return (notice: Notice): string => {
    const key = `notices.kinds.${notice.kind}`
    if (!te(key)) return notice.kind
    const said = filling(notice, t)
    const rows = Number(said.rows ?? 0)
    if (said.rows) said.rows = n(rows)
    if (said.month) {
      const first = new Date(`${said.month}-01T00:00:00Z`)
      const form = new Intl.DateTimeFormat(locale.value, { timeZone: 'UTC', month: 'long', year: 'numeric' })
      if (!Number.isNaN(first.getTime())) said.month = form.format(first)
    }
    return t(key, said, rows)
  }
}
