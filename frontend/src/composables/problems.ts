import { useI18n } from 'vue-i18n'
import { problemOf, type FieldProblem, type Problem } from '@/api/problem'
import { useToasts } from './toasts'

// Of these the library's own words say more (how many, of which), though in English alone.
const specific = new Set(['loan-limit-reached', 'book-is-out', 'too-many-attempts'])

/** Problems in the reader's language: by the rule's name where the app knows it, else in the library's own words. */
export function useProblemText() {
  const { t, te, locale } = useI18n()
  const { say } = useToasts()

  function describe(problem: Problem): string {
    const known = `problems.${problem.rule}`
    const status = `problems.status-${problem.status}`
    const isEnglish = locale.value === 'en'
    if (problem.rule && te(known) && !(isEnglish && specific.has(problem.rule) && problem.detail))
      return t(known)
    if (isEnglish && problem.detail) return problem.detail
    if (te(status)) return t(status)
    return problem.detail || problem.title || t('problems.unknown')
  }

  function describeField({ code, message }: FieldProblem): string {
    const known = `fields.${code}`
    return locale.value !== 'en' && code && te(known) ? t(known) : message
  }

  /** Tells of a failed action that has no form to tell of it. */
  function report(thrown: unknown) {
    say(describe(problemOf(thrown)), 'bad')
  }

  return { describe, describeField, report }
}
