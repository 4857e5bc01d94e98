import { useQuery } from '@pinia/colada'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import { deed } from '@/api/deeds'
import type { NewExport } from '@/api/models'
import { useRefresh } from './refresh'

const exportsKey = ['exports']
const shownAtOnce = 10

/** The latest exports, newest first. */
export const useExports = () =>
  useQuery({
    key: exportsKey,
    query: async () =>
      (await answer(api.GET('/api/exports', { params: { query: { limit: shownAtOnce } } }))).items,
  })

export function useStartingExport() {
  const refresh = useRefresh()
  return async (body: NewExport) => {
    const started = await deed(`export ${JSON.stringify(body)}`, (header) =>
      answer(api.POST('/api/exports', { params: { header }, body })),
    )
    refresh(exportsKey)
    return started
  }
}

/** Where an export's file is, for a short while; null where it is gone. */
export const fetchExportAddress = async (export_id: string) =>
  (await answer(api.GET('/api/exports/{export_id}', { params: { path: { export_id } } }))).download_url ??
  null

export const fetchWebhookSecret = async () => (await answer(api.GET('/api/webhook-secret'))).secret
