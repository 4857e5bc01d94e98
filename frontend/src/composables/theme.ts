import { computed, onScopeDispose, readonly, ref } from 'vue'

export type Theme = 'day' | 'night' | 'device'

const key = 'carrel.theme'
const theme = ref<Theme>('device')

function show(choice: Theme) {
  theme.value = choice
  if (choice === 'device') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = choice
}

/** Shows the theme this device remembers. */
export function startTheme() {
  const remembered = localStorage.getItem(key)
  show(remembered === 'day' || remembered === 'night' ? remembered : 'device')
}

/** Day, night, or whatever the device says; remembered on this device alone. */
export function useTheme() {
  function choose(choice: Theme) {
    show(choice)
    if (choice === 'device') localStorage.removeItem(key)
    else localStorage.setItem(key, choice)
  }
  return { theme: readonly(theme), choose }
}

/** Whether the page is dark now. */
export function useNight() {
  const device = matchMedia('(prefers-color-scheme: dark)')
  const deviceIsDark = ref(device.matches)
  const follow = () => (deviceIsDark.value = device.matches)
  device.addEventListener('change', follow)
  onScopeDispose(() => device.removeEventListener('change', follow))
  return computed(() => (theme.value === 'device' ? deviceIsDark.value : theme.value === 'night'))
}
