import { useQuery, useQueryCache } from '@pinia/colada'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import type { SettingsChange } from '@/api/models'
import { catalogueKeys } from './catalogue'
import { useRefresh } from './refresh'

const settingsKey = ['settings']

export const useSettings = () => useQuery({ key: settingsKey, query: () => answer(api.GET('/api/settings')) })

export function useSettingsChange() {
  const queries = useQueryCache()
  const refresh = useRefresh()
  return async (body: SettingsChange) => {
    const settings = await answer(api.PATCH('/api/settings', { body }))
    queries.setQueryData(settingsKey, settings)
    refresh(catalogueKeys.library)
    return settings
  }
}
