import { PiniaColada } from '@pinia/colada'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { i18n, startLanguage } from './locales'
import { router } from './router'
import { startTheme } from './composables/theme'
import './styles/app.scss'

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
