import { useI18n } from 'vue-i18n'
import type { Loan } from '@/api/models'
import { useConfirm } from '@/composables/confirm'
import { useProblemText } from '@/composables/problems'
import { useToasts } from '@/composables/toasts'
import { useLending } from '@/queries/circulation'

/** Revokes a loan after asking, wherever the librarian meets it. */
export function useRevoking() {
  const { t } = useI18n()
  const { confirm } = useConfirm()
  const { say } = useToasts()
  const { report } = useProblemText()
  const lending = useLending()

  return async (loan: Loan) => {
    const name = loan.patron.name ?? t('app.former-patron')
    const sure = await confirm({
      title: t('loans.revoke-title'),
      text: t('loans.revoke-text', { name, title: loan.book.title }),
      action: t('loans.revoke'),
    })
    if (!sure) return
    try {
      await lending.revoke(loan.id)
      say(t('loans.revoked'))
    } catch (thrown) {
      report(thrown)
    }
  }
}
