import { mount } from '@vue/test-utils'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { bringWords, i18n } from '@/locales'
import ChartPanel from './ChartPanel.vue'

// There is nothing to draw on here.
vi.mock('vue-chartjs', () => {
  const drawing = { props: ['data', 'options', 'ariaLabel'], template: '<canvas :aria-label="ariaLabel" />' }
  return { Bar: drawing, Line: drawing }
})

const shown = () =>
  mount(ChartPanel, {
    props: {
      title: 'By day',
      names: 'Day',
      kind: 'lines' as const,
      labels: ['Nov 21', 'Nov 22'],
      fullLabels: ['Saturday, November 21', 'Sunday, November 22'],
      series: [
        { label: 'Issued', values: [3, 1200] },
        { label: 'Returned', values: [0, 4] },
      ],
      summary: 'Issued: 1,203',
    },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })

describe('a chart', () => {
  beforeAll(() => bringWords('desk'))

  it('is told in words to who does not see it', () => {
    expect(shown().get('canvas').attributes('aria-label')).toBe('By day. Issued: 1,203')
  })

  it('is a table when that is asked for, with the focus on it', async () => {
    const panel = shown()
    const button = panel.get('button')
    expect(button.attributes('aria-pressed')).toBe('false')
    await button.trigger('click')
    await panel.vm.$nextTick()
    expect(panel.find('canvas').exists()).toBe(false)
    expect(panel.findAll('thead th').map((cell) => cell.text())).toEqual(['Day', 'Issued', 'Returned'])
    expect(panel.findAll('tbody tr').map((row) => row.text())).toEqual([
      'Saturday, November 2130',
      'Sunday, November 221,2004',
    ])
    expect(panel.get('[role="region"]').element).toBe(document.activeElement)
    panel.unmount()
  })
})
