import { mount } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import type { NextReminder as Next } from '@/api/models'
import { bringWords, i18n } from '@/locales'
import NextReminder from './NextReminder.vue'

const next: Next = {
  at: '2026-11-23T09:00:00Z',
  channels: ['email', 'push'],
  unreachable: [],
  subject: 'Due tomorrow',
  text: 'Shoals and Sands is due tomorrow.\nRenew it: https://library.example/api/act?token=abc',
  paused_until: null,
}

const shown = (more: Partial<Next> = {}) =>
  mount(NextReminder, {
    props: { next: { ...next, ...more }, now: new Date('2026-11-22T09:00:00Z'), timezone: 'UTC' },
    global: { plugins: [i18n] },
  }).text()

describe('the next reminder', () => {
  beforeAll(() => bringWords('notices'))

  it('is told as it would be: when, by which channels, and what it says', () => {
    const text = shown()
    expect(text).toContain('Mon, November 23')
    expect(text).toContain('E-mail and Notifications of the browser')
    expect(text).toContain('Shoals and Sands is due tomorrow.')
    expect(text).toContain('Renew it: …')
  })

  it('says why none comes', () => {
    const none = { at: null, subject: null, text: null }
    expect(shown(none)).toContain('there is nothing to say')
    expect(shown({ ...none, channels: [] })).toContain('None will reach you')
    expect(shown({ ...none, paused_until: '2026-11-29T09:00:00Z' })).toContain(
      'Paused until Sun, November 29',
    )
  })

  it('names each channel that does not reach', () => {
    expect(shown({ unreachable: [{ channel: 'sms', reason: 'You gave no phone number.' }] })).toContain(
      'Text message does not reach you yet.',
    )
  })
})
