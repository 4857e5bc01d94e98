import { onBeforeUnmount, onMounted, type ShallowRef } from 'vue'

// By the entry of the browser's history and a name: going back finds the same entry.
const places = new Map<string, number>()

/** Keeps how far a row was pushed sideways, for when one comes back to it. */
export function useKeptPlace(row: Readonly<ShallowRef<HTMLElement | null>>, name: () => string) {
  // The router's own mark in the entry; taken at once, for on leaving the entry is another's already.
  const { position } = (history.state ?? {}) as { position?: number }
  const key = () => `${position ?? 0}:${name()}`

  onMounted(() => {
    const kept = places.get(key())
    if (kept !== undefined && row.value) row.value.scrollLeft = kept
  })
  onBeforeUnmount(() => {
    if (row.value) places.set(key(), row.value.scrollLeft)
  })
}
