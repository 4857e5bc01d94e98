import { onScopeDispose, readonly, ref } from 'vue'

/** The time, kept current to the half minute. */
export function useNow() {
  const now = ref(new Date())
  const timer = setInterval(() => {
    now.value = new Date()
  }, 30_000)
  onScopeDispose(() => clearInterval(timer))
  return readonly(now)
}

/** An alarm that calls `act` at the time it is set to, however far off: timers alone reach 24 days. */
export function useAlarm(act: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined
  function set(time: Date) {
    clearTimeout(timer)
    const left = time.getTime() - Date.now()
    if (left <= 0) act()
    else timer = setTimeout(() => set(time), Math.min(left, 60_000))
  }
  onScopeDispose(() => clearTimeout(timer))
  return { set }
}
