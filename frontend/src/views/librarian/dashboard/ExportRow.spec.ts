import { mount } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Export } from '@/api/models'
import { bringWords, i18n } from '@/locales'
import ExportRow from './ExportRow.vue'

const kept: Export = {
  id: 'e1',
  kind: 'loans',
  status: 'ready',
  rows: 12_480,
  size: 1_400_000,
  created_at: '2026-11-22T10:00:00Z',
  finished_at: '2026-11-22T10:00:09Z',
  expires_at: '2026-12-22T10:00:00Z',
  reason: null,
  webhook: null,
}

const shown = (more: Partial<Export> = {}) =>
  mount(ExportRow, {
    props: { kept: { ...kept, ...more }, now: new Date('2026-11-22T10:05:00Z'), timezone: 'UTC' },
    global: { plugins: [i18n] },
  })

describe('an export on the desk', () => {
  beforeAll(() => bringWords('desk'))

  it('says how many rows are written so far, and has no file yet', () => {
    const row = shown({ status: 'running', size: null })
    expect(row.text()).toContain('12,480 rows')
    expect(row.find('button').exists()).toBe(false)
  })

  it('gives its file when it is asked for', async () => {
    const row = shown()
    expect(row.text()).toContain('1.4 MB')
    await row.get('button').trigger('click')
    expect(row.emitted('download')).toHaveLength(1)
  })

  it('says why there is none, and that nobody answered at the webhook', () => {
    const row = shown({ status: 'failed', reason: 'The disk is full.', webhook: 'failed' })
    expect(row.text()).toContain('The disk is full.')
    expect(row.text()).toContain('webhook')
    expect(row.find('button').exists()).toBe(false)
  })

  it('has no button for a file that is gone', () => {
    expect(shown({ expires_at: '2026-11-22T10:04:00Z' }).find('button').exists()).toBe(false)
  })
})
