import { PiniaColada } from '@pinia/colada'
import { flushPromises, mount, RouterLinkStub } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { useToasts } from '@/composables/toasts'
import { bringWords, i18n } from '@/locales'
import NoticeBell from './NoticeBell.vue'

vi.mock('vue-router', async (original) => ({
  ...(await original<object>()),
  useRoute: () => ({ name: 'home' }),
}))

const ready = (id: string) => ({
  id,
  kind: 'export-ready',
  at: '2026-11-22T10:00:00Z',
  read: false,
  data: { what: 'loans', rows: 1200 },
})

let items: ReturnType<typeof ready>[] = []
let unread = 0
const fetched = vi.fn(() => Promise.resolve(Response.json({ items, unread, next_cursor: null })))

const see = (state: DocumentVisibilityState) =>
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state)

async function bell() {
  const shown = mount(NoticeBell, {
    global: { plugins: [createPinia(), PiniaColada, i18n], stubs: { RouterLink: RouterLinkStub } },
  })
  await flushPromises()
  return shown
}

const aMinute = async () => {
  await vi.advanceTimersByTimeAsync(60_000)
  await flushPromises()
}

describe('the bell', () => {
  const { toasts } = useToasts()
  beforeAll(() => bringWords('notices'))
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('fetch', fetched)
    fetched.mockClear()
    items = [ready('1')]
    unread = 1
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })

  it('counts what is unread, and says no number where there is none', async () => {
    expect((await bell()).attributes('aria-label')).toBe('Notifications, 1 unread')
    unread = 100
    expect((await bell()).attributes('aria-label')).toBe('Notifications, 99+ unread')
    unread = 0
    const none = await bell()
    expect(none.attributes('aria-label')).toBe('Notifications, none unread')
    expect(none.find('.count').exists()).toBe(false)
  })

  it('says what comes while one is here, once, and nothing of what was there before', async () => {
    const shown = await bell()
    expect(toasts.value).toHaveLength(0)
    items = [ready('2'), ready('1')]
    await aMinute()
    expect(toasts.value.map(({ text }) => text)).toEqual(['Your export is ready: loans, 1,200 rows.'])
    await vi.advanceTimersByTimeAsync(10_000)
    await aMinute()
    expect(toasts.value).toHaveLength(0)
    shown.unmount()
  })

  it('does not ask while nobody looks', async () => {
    const shown = await bell()
    fetched.mockClear()
    see('hidden')
    await aMinute()
    await aMinute()
    expect(fetched).not.toHaveBeenCalled()
    shown.unmount()
  })
})
