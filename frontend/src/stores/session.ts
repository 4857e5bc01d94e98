import { useQueryCache } from '@pinia/colada'
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { answer, forget, keep, mayBeSignedIn, onSessionEnded, renew } from '@/api/access'
import { api } from '@/api/client'
import type { Profile, ProfileChange, Registration } from '@/api/models'
import { problemOf } from '@/api/problem'
import { deviceLanguage, endVisitLanguage, showLanguage } from '@/locales'

/** Who is signed in on this page. */
export const useSession = defineStore('session', () => {
  const me = ref<Profile | null>(null)
  const queries = useQueryCache()

  const isSignedIn = computed(() => me.value !== null)
  const isLibrarian = computed(() => me.value?.role === 'librarian')
  const isPatron = computed(() => me.value?.role === 'patron')
  const deviceZone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const timezone = computed(() => me.value?.timezone || deviceZone)

  async function know(profile: Profile) {
    me.value = profile
    await showLanguage(profile.language)
  }

  function leave() {
    forget()
    me.value = null
    // What was shown to one person is not left for the next at this device.
    for (const entry of queries.getEntries()) queries.remove(entry)
  }

  onSessionEnded(leave)

  async function fetchMe() {
    await know(await answer(api.GET('/api/me')))
  }

  let restoring: Promise<void> | null = null

  /** Takes up the session of an earlier visit, if there is one. Never throws: without it one is a guest. */
  function restore(): Promise<void> {
    restoring ??= (async () => {
      if (!mayBeSignedIn()) return
      try {
        if (await renew()) await fetchMe()
      } catch (thrown) {
        problemOf(thrown)
      }
    })()
    return restoring
  }

  async function signIn(login: string, password: string) {
    keep(await answer(api.POST('/api/auth/login', { body: { login, password } })))
    for (const entry of queries.getEntries()) queries.remove(entry)
    await fetchMe()
  }

  async function register(registration: Registration) {
    await answer(api.POST('/api/auth/register', { body: registration }))
    await signIn(registration.username, registration.password)
    // A new account speaks as the device does. It can be chosen later, so that a refusal matters to nobody.
    await change({ language: deviceLanguage(), timezone: deviceZone }).catch(problemOf)
  }

  async function signOut() {
    await answer(api.POST('/api/auth/logout'))
    leave()
  }

  /** Erases the account for good, and the session with it. */
  async function erase(password: string) {
    await answer(api.DELETE('/api/me', { body: { password } }))
    leave()
  }

  async function change(patch: ProfileChange) {
    if (patch.language && patch.language !== me.value?.language) endVisitLanguage()
    await know(await answer(api.PATCH('/api/me', { body: patch })))
  }

  return {
    me,
    isSignedIn,
    isLibrarian,
    isPatron,
    timezone,
    restore,
    signIn,
    register,
    signOut,
    erase,
    change,
  }
})
