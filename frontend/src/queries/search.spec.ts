import { PiniaColada } from '@pinia/colada'
import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, ref } from 'vue'
import { useSuggestions } from './search'

interface Asked {
  words: string | null
  signal: AbortSignal
  answers: (text: string) => Promise<void>
}

let asked: Asked[] = []

beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  vi.stubGlobal(
    'fetch',
    (request: Request) =>
      new Promise<Response>((resolve, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason as Error))
        asked.push({
          words: new URL(request.url).searchParams.get('q'),
          signal: request.signal,
          async answers(text) {
            resolve(Response.json({ items: [{ kind: 'title', text, id: text }] }))
            await vi.advanceTimersByTimeAsync(1)
          },
        })
      }),
  )
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function typing() {
  const text = ref('')
  let suggestions!: ReturnType<typeof useSuggestions>
  mount(
    defineComponent({
      setup() {
        suggestions = useSuggestions(text)
        return () => null
      },
    }),
    { global: { plugins: [createPinia(), PiniaColada] } },
  )
  return {
    shown: () => suggestions.value.map((one) => one.text),
    async types(words: string, pause = 200) {
      text.value = words
      await vi.advanceTimersByTimeAsync(pause)
    },
  }
}

const words = () => asked.map((one) => one.words)

describe('what may be meant', () => {
  it('is asked for once the typing pauses', async () => {
    const { types } = typing()
    for (const part of ['w', 'wh', 'wha']) await types(part, 100)
    expect(words()).toEqual([])
    await types('whal')
    expect(words()).toEqual(['whal'])
  })

  it('is no longer asked for when other letters came', async () => {
    const { types, shown } = typing()
    await types('wh')
    await types('sh')
    expect(words()).toEqual(['wh', 'sh'])
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false])
    await asked[1]?.answers('Sharks')
    expect(shown()).toEqual(['Sharks'])
  })

  it('stays while the next letters are looked up, and goes with the last letter', async () => {
    const { types, shown } = typing()
    await types('wh')
    await asked[0]?.answers('Whales')
    await types('wha')
    expect(shown()).toEqual(['Whales'])
    await types('')
    expect(shown()).toEqual([])
    expect(words()).toEqual(['wh', 'wha'])
  })

  it('is not asked for twice', async () => {
    const { types, shown } = typing()
    await types('wh')
    await asked[0]?.answers('Whales')
    await types('')
    await types(' wh ')
    expect(shown()).toEqual(['Whales'])
    expect(words()).toEqual(['wh'])
  })
})
