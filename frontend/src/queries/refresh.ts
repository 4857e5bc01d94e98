import { useQueryCache, type EntryKey } from '@pinia/colada'

/** Fetches again whatever the page shows under `key`. What fails is told where it is shown. */
export function useRefresh() {
  const queries = useQueryCache()
  return (key: EntryKey, but?: (key: EntryKey) => boolean) =>
    void queries
      .invalidateQueries({ key, predicate: but && ((entry) => !but(entry.key)) })
      .catch(() => undefined)
}
