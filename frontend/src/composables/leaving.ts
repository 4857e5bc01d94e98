import { onBeforeUnmount, onMounted, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'
import { onBeforeRouteLeave } from 'vue-router'
import { useConfirm } from './confirm'

/** Asks before a page is left on which something was typed that is not saved. */
export function useLeaving(unsaved: MaybeRefOrGetter<boolean | undefined>) {
  const { t } = useI18n()
  const { confirm } = useConfirm()

  onBeforeRouteLeave(
    () =>
      !toValue(unsaved) ||
      confirm({ title: t('leaving.title'), text: t('leaving.text'), action: t('leaving.leave') }),
  )

  // Closing the window or loading it anew is the browser's to ask about, in its own words.
  const hold = (event: BeforeUnloadEvent) => {
    if (toValue(unsaved)) event.preventDefault()
  }
  onMounted(() => addEventListener('beforeunload', hold))
  onBeforeUnmount(() => removeEventListener('beforeunload', hold))
}
