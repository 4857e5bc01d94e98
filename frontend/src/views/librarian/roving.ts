import { computed, ref, watch, type Ref } from 'vue'

/**
 * The place in a list on which the keys act: one stop for the Tab key, moved by others (the ARIA practices call it a
 * roving tabindex). Where the one at this place leaves the list, the next takes it.
 */
export function useRoving(ids: Ref<readonly string[]>) {
  const wanted = ref<string | null>(null)
  const place = ref(0)

  const at = computed(() => {
    const found = wanted.value === null ? -1 : ids.value.indexOf(wanted.value)
    return found >= 0 ? found : Math.min(place.value, ids.value.length - 1)
  })
  watch(at, (now) => (place.value = Math.max(now, 0)), { flush: 'sync' })

  function goTo(index: number) {
    const id = ids.value[Math.max(0, Math.min(index, ids.value.length - 1))]
    if (id === undefined) return
    wanted.value = id
    place.value = ids.value.indexOf(id)
  }

  return {
    current: computed(() => ids.value[at.value] ?? null),
    go: (id: string) => goTo(ids.value.indexOf(id)),
    move: (by: number) => goTo(at.value + by),
    first: () => goTo(0),
    last: () => goTo(ids.value.length - 1),
  }
}

export type InboxKey =
  'next' | 'previous' | 'first' | 'last' | 'select' | 'all' | 'none' | 'grant' | 'grant-for' | 'deny'

const keys: Record<string, InboxKey> = {
  j: 'next',
  ArrowDown: 'next',
  k: 'previous',
  ArrowUp: 'previous',
  Home: 'first',
  End: 'last',
  x: 'select',
  a: 'all',
  Escape: 'none',
  g: 'grant',
  G: 'grant-for',
  d: 'deny',
}

/** What a key means in the inbox; nothing with Ctrl, Alt or the Meta key, which belong to the browser and the system. */
export const inboxKey = ({
  key,
  ctrlKey,
  altKey,
  metaKey,
}: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey'>): InboxKey | null =>
  ctrlKey || altKey || metaKey ? null : (keys[key] ?? null)
