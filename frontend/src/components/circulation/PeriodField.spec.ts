import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { i18n } from '@/locales'
import PeriodField from './PeriodField.vue'

const field = (modelValue: string) =>
  mount(PeriodField, { props: { label: 'Loan period', modelValue }, global: { plugins: [i18n] } })

describe('the field for a period', () => {
  it('shows what is set as a number and a unit', () => {
    const shown = field('PT12H')
    expect(shown.get('input').element.value).toBe('12')
    expect(shown.get('select').element.value).toBe('hour')
  })

  it('gives an ISO 8601 duration', async () => {
    const shown = field('P7D')
    await shown.get('select').setValue('week')
    expect(shown.emitted('update:modelValue')?.at(-1)).toEqual(['P7W'])
  })

  it('says what is wrong at the field and gives nothing', async () => {
    const shown = field('P7D')
    await shown.get('input').setValue('400')
    expect(shown.emitted('update:modelValue')?.at(-1)).toEqual([''])
    const input = shown.get('input')
    expect(input.attributes('aria-invalid')).toBe('true')
    expect(shown.get(`[id="${input.attributes('aria-describedby')}"]`).text()).toContain('52 weeks')
  })
})
