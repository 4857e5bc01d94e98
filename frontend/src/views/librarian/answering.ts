import { useI18n } from 'vue-i18n'
import type { Loan } from '@/api/models'
import type { Problem } from '@/api/problem'
import { useToasts } from '@/composables/toasts'
import { useLending, type LoanResult } from '@/queries/circulation'

/** A loan of several with which something could not be done. */
export interface Failure {
  loan: Loan
  problem: Problem
}

/** Grants, denies and revokes, one or several; tells what was done, and answers with what was not. */
export function useAnswering() {
  const { t } = useI18n()
  const { say } = useToasts()
  const lending = useLending()

  const nameOf = (loan: Loan | undefined) => loan?.patron.name ?? t('app.former-patron')

  async function outcome(
    loans: readonly Loan[],
    answered: Promise<LoanResult[]>,
    tell: (done: Loan[]) => string,
  ): Promise<Failure[]> {
    const asked = new Map(loans.map((loan) => [loan.id, loan]))
    const results = await answered
    const done = results.flatMap(({ id, loan, problem }) => (problem ? [] : (loan ?? asked.get(id) ?? [])))
    if (done.length) say(tell(done))
    return results.flatMap(({ id, problem }) => {
      const loan = asked.get(id)
      return problem && loan ? [{ loan, problem }] : []
    })
  }

  function granted(done: Loan[]) {
    const waiting = done.filter(({ status }) => status === 'waiting').length
    if (done.length === 1)
      return t(waiting ? 'requests.queued' : 'requests.granted', { name: nameOf(done[0]) })
    const all = t('requests.granted-several', done.length)
    return waiting ? `${all} ${t('requests.of-them-queued', waiting)}` : all
  }

  const ids = (loans: readonly Loan[]) => loans.map(({ id }) => id)

  return {
    grant: (loans: readonly Loan[], period?: string) =>
      outcome(loans, lending.grant(ids(loans), period), granted),
    deny: (loans: readonly Loan[], reason?: string) =>
      outcome(loans, lending.deny(ids(loans), reason), (done) =>
        done.length === 1
          ? t('requests.denied', { name: nameOf(done[0]) })
          : t('requests.denied-several', done.length),
      ),
    revoke: (loans: readonly Loan[], reason?: string) =>
      outcome(loans, lending.revoke(ids(loans), reason), (done) =>
        done.length === 1 ? t('loans.revoked') : t('loans.revoked-several', done.length),
      ),
  }
}
