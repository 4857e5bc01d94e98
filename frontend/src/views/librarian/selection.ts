import { computed, shallowRef, type Ref } from 'vue'

/** Which of a growing list are chosen, by id; with Shift, all from the one before to this one. */
export function useSelection(ids: Ref<readonly string[]>) {
  const chosen = shallowRef<ReadonlySet<string>>(new Set())
  let last: string | null = null

  // What left the list is chosen no more.
  const selected = computed(() => ids.value.filter((id) => chosen.value.has(id)))
  const isAll = computed(() => ids.value.length > 0 && selected.value.length === ids.value.length)

  function set(some: readonly string[], on: boolean) {
    const next = new Set(chosen.value)
    for (const id of some)
      if (on) next.add(id)
      else next.delete(id)
    chosen.value = next
  }

  function toggle(id: string, throughFromLast: boolean) {
    const on = !chosen.value.has(id)
    const from = last === null ? -1 : ids.value.indexOf(last)
    const to = ids.value.indexOf(id)
    const many = throughFromLast && from >= 0
    set(many ? ids.value.slice(Math.min(from, to), Math.max(from, to) + 1) : [id], on)
    last = id
  }

  return {
    selected,
    isAll,
    has: (id: string) => chosen.value.has(id),
    toggle,
    all: (on: boolean) => set(ids.value, on),
    clear() {
      chosen.value = new Set()
      last = null
    },
  }
}
