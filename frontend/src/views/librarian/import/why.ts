import { useI18n } from 'vue-i18n'
import { useProblemText } from '@/composables/problems'
import type { FieldWrong, Why } from './outcome'

// Of these the library's own words say which and what, though in English alone.
const specific = new Set(['not_fitting'])

/** Says why a book did not come in, in the reader's language. */
export function useWhy() {
  const { t, te, locale } = useI18n()
  const { describe, describeField } = useProblemText()

  /** A refusal by its code, such as `drm`; by the library's own words where the app does not know it. */
  function refusal(code: string | null | undefined, reason: string | null | undefined): string {
    if (reason && locale.value === 'en' && specific.has(code ?? '')) return reason
    return code && te(`refused.${code}`) ? t(`refused.${code}`) : reason || t('upload.refused')
  }

  function ofField({ field, params, ...wrong }: FieldWrong): string {
    const said = wrong.message ? describeField({ field, ...wrong }) : t(`fields.${wrong.code}`, params ?? {})
    const name = field.split('.')[0] ?? ''
    const known = `import.fields.${name}`
    return name ? `${te(known) ? t(known) : name}: ${said}` : said
  }

  function tell(why: Why): string {
    if ('fields' in why) return why.fields.map(ofField).join(' ')
    if (!('problem' in why)) return refusal(why.code, why.reason)
    return why.problem.fields.length ? why.problem.fields.map(ofField).join(' ') : describe(why.problem)
  }

  return { refusal, tell }
}
