import { onScopeDispose, watchEffect } from 'vue'
import { useAlarm } from '@/composables/clock'

const often = 30_000

/**
 * Fetches again what others change meanwhile: every half minute while the page is looked at, and when what is shown
 * ends by itself.
 */
export function useFresh(refetch: () => void, ends: () => Date | null | undefined = () => null) {
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') refetch()
  }, often)
  onScopeDispose(() => clearInterval(timer))

  const { set } = useAlarm(refetch)
  watchEffect(() => {
    const end = ends()
    // The library's clock counts. Where it is behind this one's, the loan is still there, and the next round sees it go.
    if (end && end.getTime() > Date.now()) set(end)
  })
}
