import { mount } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '@/api/models'
import { bringWords, i18n } from '@/locales'
import ReportList from './ReportList.vue'

const report: Report = {
  id: 'r1',
  month: '2026-10',
  status: 'ready',
  made_at: '2026-11-01T00:00:09Z',
  html_url: 'https://library.example/r1',
  pdf_url: 'https://library.example/r1.pdf',
}

const shown = (more: Partial<Report> = {}) =>
  mount(ReportList, {
    props: { reports: [{ ...report, ...more }], timezone: 'UTC' },
    global: { plugins: [i18n] },
  })

describe('the list of reports', () => {
  beforeAll(() => bringWords('notices'))

  it('names the month, and opens the page or the PDF', async () => {
    const list = shown()
    expect(list.get('h2').text()).toBe('October 2026')
    for (const button of list.findAll('button')) await button.trigger('click')
    expect(list.emitted('open')?.map(([, kind]) => kind)).toEqual(['html', 'pdf'])
  })

  it('offers no PDF where the library makes none, and nothing while it is being made', () => {
    expect(shown({ pdf_url: null }).findAll('button')).toHaveLength(1)
    const coming = shown({ status: 'queued', made_at: null, html_url: null, pdf_url: null })
    expect(coming.findAll('button')).toHaveLength(0)
    expect(coming.text()).toContain('Being made')
  })
})
