import { onBeforeUnmount, onMounted, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { onBeforeRouteLeave } from 'vue-router'
import { useConfirm, type Question } from './confirm'

/** Asks before a page is left on which something was typed that is not saved; or, with a question, of something else. */
export function useLeaving(unsaved: MaybeRefOrGetter<boolean | undefined>, question?: () => Question) {
  const { t } = useI18n()
  const { confirm } = useConfirm()

  const discard = () => ({
    title: t('leaving.title'),
    text: t('leaving.text'),
    action: t('leaving.leave'),
  })
  onBeforeRouteLeave(() => !toValue(unsaved) || confirm((question ?? discard)()))

  // Closing the window or loading it anew is the browser's to ask about, in its own words.
  const hold = (event: BeforeUnloadEvent) => {
    if (toValue(unsaved)) event.preventDefault()
  }
  onMounted(() => addEventListener('beforeunload', hold))
  onBeforeUnmount(() => removeEventListener('beforeunload', hold))
}
