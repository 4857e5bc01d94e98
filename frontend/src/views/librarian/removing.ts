import { useI18n } from 'vue-i18n'
import type { Book, Section } from '@/api/models'
import { useConfirm } from '@/composables/confirm'
import { useProblemText } from '@/composables/problems'
import { useToasts } from '@/composables/toasts'
import { useCatalogueChanges } from '@/queries/catalogue'
import { countOpenLoans } from '@/queries/circulation'

/** Removes a book after saying how many loans end with it. Answers whether it was removed. */
export function useRemovingBook() {
  const { t } = useI18n()
  const { confirm } = useConfirm()
  const { say } = useToasts()
  const { report } = useProblemText()
  const catalogue = useCatalogueChanges()

  return async (book: Pick<Book, 'id' | 'title'>): Promise<boolean> => {
    try {
      const open = await countOpenLoans(book.id)
      const sure = await confirm({
        title: t('books.remove-title', { title: book.title }),
        text: open.count
          ? t(open.orMore ? 'books.remove-out-many' : 'books.remove-out', open.count)
          : t('books.remove-text'),
        action: t('books.remove'),
      })
      if (!sure) return false
      // What was asked for meanwhile is ended only after it has been told.
      await catalogue.removeBook(book.id, open.count > 0)
      say(t('books.removed'))
      return true
    } catch (thrown) {
      report(thrown)
      return false
    }
  }
}

/** Removes a section after asking; its books stay. */
export function useRemovingSection() {
  const { t } = useI18n()
  const { confirm } = useConfirm()
  const { say } = useToasts()
  const { report } = useProblemText()
  const catalogue = useCatalogueChanges()

  return async (section: Section) => {
    const sure = await confirm({
      title: t('sections.remove-title', { name: section.name }),
      text: t('sections.remove-text', section.book_count),
      action: t('sections.remove'),
    })
    if (!sure) return
    try {
      await catalogue.removeSection(section.id)
      say(t('sections.removed'))
    } catch (thrown) {
      report(thrown)
    }
  }
}
