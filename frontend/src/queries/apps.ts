import { useQuery } from '@pinia/colada'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import { useRefresh } from './refresh'

const appsKey = ['app-passwords']

/** One's app passwords, the newest first: fewer than fit on one page. */
export const useAppPasswords = () =>
  useQuery({
    key: appsKey,
    query: async () =>
      (await answer(api.GET('/api/me/app-passwords', { params: { query: { limit: 100 } } }))).items,
  })

/** Makes an app password, and gives it with its text, which nobody is told again. */
export function useMakingAppPassword() {
  const refresh = useRefresh()
  return async (name: string) => {
    const made = await answer(api.POST('/api/me/app-passwords', { body: { name } }))
    refresh(appsKey)
    return made
  }
}

export function useRevokingAppPassword() {
  const refresh = useRefresh()
  return async (password_id: string) => {
    await answer(api.DELETE('/api/me/app-passwords/{password_id}', { params: { path: { password_id } } }))
    refresh(appsKey)
  }
}
