import { readonly, ref } from 'vue'

export interface Toast {
  id: number
  text: string
  tone: 'good' | 'bad'
}

const toasts = ref<Toast[]>([])
let last = 0

function drop(id: number) {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}

/** Short news at the edge of the page, read out by screen readers. */
export function useToasts() {
  function say(text: string, tone: Toast['tone'] = 'good') {
    const id = ++last
    toasts.value = [...toasts.value.slice(-1), { id, text, tone }]
    setTimeout(() => drop(id), tone === 'good' ? 6000 : 12000)
  }
  return { toasts: readonly(toasts), say, drop }
}
