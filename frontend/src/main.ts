import { PiniaColada } from '@pinia/colada'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { i18n, startLanguage } from './locales'
import { router } from './router'
import { startTheme } from './composables/theme'
import { useToasts } from './composables/toasts'
import './styles/app.scss'

// A page opened before the library was updated asks for parts that are gone: it starts anew.
addEventListener('vite:preloadError', (event) => {
  if (!navigator.onLine) return
  event.preventDefault()
  location.reload()
})

// Without a connection the parts of a page that was not seen yet cannot come.
router.onError(() => {
  if (!navigator.onLine) useToasts().say(i18n.global.t('problems.unreachable'), 'bad')
})

async function start() {
  startTheme()
  await startLanguage()
  createApp(App)
    .use(createPinia())
    .use(PiniaColada, { queryOptions: { staleTime: 10_000 } })
    .use(i18n)
    .use(router)
    .mount('#app')
}

void start()
