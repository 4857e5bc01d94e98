import { useQuery } from '@pinia/colada'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import type { FailedNotice, Job } from '@/api/models'
import { useListing } from './listing'
import { useRefresh } from './refresh'

const jobsKey = ['jobs']
const failedKey = ['failed-notices']

/** The jobs as they are now. */
export const fetchJobs = async () => (await answer(api.GET('/api/jobs'))).items

export const useJobs = () => useQuery({ key: jobsKey, query: fetchJobs })

/** Has a job run in the background. */
export function useRunningJob() {
  const refresh = useRefresh()
  return async (name: Job['name']) => {
    await answer(api.POST('/api/jobs/{name}/run', { params: { path: { name } } }))
    refresh(jobsKey)
  }
}

/** Notices that did not go out, newest first. */
export const useFailedNotices = () =>
  useListing<FailedNotice>({
    key: failedKey,
    page: (cursor) => answer(api.GET('/api/notices/failed', { params: { query: { cursor, limit: 10 } } })),
  })

export function useFailedNoticeActions() {
  const refresh = useRefresh()
  const params = (letter_id: string) => ({ path: { letter_id } })
  return {
    async sendAgain(id: string) {
      await answer(api.POST('/api/notices/{letter_id}/resend', { params: params(id) }))
      refresh(failedKey)
    },
    async letBe(id: string) {
      await answer(api.DELETE('/api/notices/{letter_id}', { params: params(id) }))
      refresh(failedKey)
    },
  }
}
