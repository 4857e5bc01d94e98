import { computed, ref, shallowRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Loan } from '@/api/models'
import { problemOf, type Problem, type WayOut } from '@/api/problem'
import { dateTimeIn } from '@/components/circulation/due'
import { useConfirm } from '@/composables/confirm'
import { useToasts } from '@/composables/toasts'
import { countWaiting, useLending } from '@/queries/circulation'

/** Which loan or book something was refused for, and why. */
interface Refusal {
  about: string
  problem: Problem
}

interface Deed {
  about: string
  act: () => Promise<Loan>
  done: (loan: Loan) => string
}

/**
 * What a patron does with their own loans, wherever they meet them: one thing at a time, told when it is done. What was
 * refused is kept with its ways out; going one tries it again.
 */
export function useOwning(timezone: Ref<string>) {
  const { t, locale } = useI18n()
  const { say } = useToasts()
  const { confirm } = useConfirm()
  const lending = useLending()
  const busy = ref('')
  const refusal = shallowRef<Refusal | null>(null)
  let refused: Deed | null = null

  /** Answers whether it was done. */
  async function attempt(deed: Deed): Promise<boolean> {
    if (busy.value) return false
    busy.value = deed.about
    refusal.value = null
    try {
      say(deed.done(await deed.act()))
      refused = null
      return true
    } catch (thrown) {
      refused = deed
      refusal.value = { about: deed.about, problem: problemOf(thrown) }
      return false
    } finally {
      busy.value = ''
    }
  }

  const asked = (loan: Loan) => {
    if (loan.status === 'requested') return t('loan.requested-now')
    return t(loan.status === 'waiting' ? 'wait.joined' : 'loan.borrowed')
  }
  const due = ({ due_at }: Loan) =>
    due_at ? dateTimeIn(timezone.value, locale.value, new Date(due_at), new Date()) : ''

  const borrow = (book: string, ifUnavailable: 'wait' | 'refuse') =>
    attempt({ about: book, act: () => lending.borrow(book, ifUnavailable), done: asked })

  /** A copy for which somebody waits is theirs at once: only then there is something to be asked. */
  async function giveBack(loan: string, book: string, title: string, about = loan) {
    const waiting = await countWaiting(book).catch(() => 0)
    const sure =
      !waiting ||
      (await confirm({
        title: t('loan.return-title'),
        text: t('loan.return-text', { title }),
        action: t('loan.return'),
      }))
    return (
      sure && attempt({ about, act: () => lending.giveBack(loan), done: () => t('loan.returned', { title }) })
    )
  }

  const takeBack = (loan: string, about: string, done: string) =>
    attempt({ about, act: () => lending.cancel(loan), done: () => done })

  async function cancel({ id, status }: Pick<Loan, 'id' | 'status'>) {
    if (status !== 'waiting')
      return takeBack(id, id, t(status === 'ready' ? 'wait.declined' : 'loan.cancelled'))
    const sure = await confirm({
      title: t('wait.leave-title'),
      text: t('wait.leave-text'),
      action: t('wait.leave'),
    })
    return sure && takeBack(id, id, t('wait.left'))
  }

  /** Goes a way out of the last refusal, and tries again what was refused. */
  async function follow(way: WayOut) {
    const deed = refused
    if (!deed) return
    if (way.action === 'wait') {
      if (way.book_id) await borrow(way.book_id, 'wait')
      return
    }
    if (!way.loan_id) return
    const isFree =
      way.action === 'return'
        ? await giveBack(way.loan_id, way.book_id ?? '', way.text, deed.about)
        : await takeBack(way.loan_id, deed.about, t('loan.given-up'))
    if (isFree) await attempt(deed)
  }

  return {
    busy: computed(() => busy.value),
    refusal: computed(() => refusal.value),
    borrow,
    accept: ({ id }: Loan) =>
      attempt({ about: id, act: () => lending.accept(id), done: () => t('loan.borrowed') }),
    renew: ({ id }: Loan) =>
      attempt({
        about: id,
        act: () => lending.renew(id),
        done: (renewed) => t('loan.renewed', { when: due(renewed) }),
      }),
    pause: ({ id }: Loan) =>
      attempt({ about: id, act: () => lending.pause(id), done: () => t('wait.paused-now') }),
    resume: ({ id }: Loan) =>
      attempt({ about: id, act: () => lending.resume(id), done: () => t('wait.resumed-now') }),
    giveBack: ({ id, book_id, book }: Loan) => giveBack(id, book_id, book.title),
    cancel,
    follow,
    /** Tries again what was refused. */
    again: () => (refused ? attempt(refused) : Promise.resolve(false)),
  }
}
