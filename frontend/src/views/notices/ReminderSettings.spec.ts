import { PiniaColada } from '@pinia/colada'
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Profile } from '@/api/models'
import { bringWords, i18n } from '@/locales'
import ReminderSettings from './ReminderSettings.vue'

const me: Profile = {
  id: 'p1',
  username: 'asha',
  email: 'asha@example.org',
  name: 'Asha',
  role: 'patron',
  timezone: 'Asia/Kolkata',
  language: 'en',
  reminders: { channels: ['email'], hour: 18, days_before_due: 2, idle_days: 30, quiet_days: [] },
  report_format: 'html',
  phone: null,
  chat_webhook: null,
  email_confirmed: true,
  stopped: [],
}

const none = { at: null, channels: [], unreachable: [], subject: null, text: null, paused_until: null }
const sent: { method: string; body: unknown }[] = []

const shown = async (more: Partial<Profile> = {}) => {
  const panel = mount(ReminderSettings, {
    props: { me: { ...me, ...more } },
    global: { plugins: [createPinia(), PiniaColada, i18n] },
    attachTo: document.body,
  })
  await flushPromises()
  return panel
}

const save = async (panel: Awaited<ReturnType<typeof shown>>) => {
  await panel.get('form').trigger('submit')
  await flushPromises()
}

describe('reminders as one chooses them', () => {
  beforeAll(() => bringWords('notices'))
  beforeEach(() => {
    sent.length = 0
    vi.stubGlobal('fetch', async (request: Request) => {
      if (request.method === 'GET') return Response.json(none)
      sent.push({ method: request.method, body: await request.json() })
      return Response.json(me)
    })
  })
  afterEach(() => vi.unstubAllGlobals())

  it('are sent without the addresses that did not change', async () => {
    const panel = await shown()
    await save(panel)
    const { channels, ...rest } = me.reminders
    expect(sent).toEqual([
      { method: 'PATCH', body: { reminders: { channels, ...rest }, report_format: 'html' } },
    ])
    panel.unmount()
  })

  it('are not sent with a phone number that is none, nor with every day quiet', async () => {
    const panel = await shown({ reminders: { ...me.reminders, channels: ['sms'] } })
    await panel.get('input[type="tel"]').setValue('0612345678')
    for (const day of panel.findAll('.days input')) await day.setValue(true)
    await save(panel)
    expect(sent).toEqual([])
    expect(panel.text()).toContain('with + and the country’s code')
    expect(panel.text()).toContain('Leave one day at least.')
    panel.unmount()
  })

  it('say why a channel was stopped, and have it tried again', async () => {
    const stopped = [{ channel: 'email' as const, reason: 'No such mailbox.', at: '2026-11-20T08:00:00Z' }]
    const panel = await shown({ stopped })
    expect(panel.text()).toContain('Stopped Nov 20, 2026: No such mailbox.')
    await panel.get('.stopped button').trigger('click')
    await flushPromises()
    expect(sent).toEqual([{ method: 'PATCH', body: { email: 'asha@example.org' } }])
    panel.unmount()
  })
})
