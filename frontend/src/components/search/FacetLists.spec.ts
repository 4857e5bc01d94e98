import { mount, RouterLinkStub } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import type { Facets } from '@/api/models'
import { i18n } from '@/locales'
import FacetLists from './FacetLists.vue'
import type { Filter, Finding } from './finding'

const many = Array.from({ length: 12 }, (_, n) => ({ value: `s${n}`, text: `Section ${n}`, count: 1200 - n }))
const facets: Facets = {
  sections: many,
  languages: [
    { value: 'hi', text: 'hi', count: 3 },
    { value: 'en', text: 'en', count: 1 },
  ],
  formats: [{ value: 'epub', text: 'epub', count: 4 }],
}

function lists(finding: Finding = {}, within?: Filter) {
  const page = mount(FacetLists, {
    props: { facets, finding, within, to: (change) => ({ path: '/', query: { ...finding, ...change } }) },
    global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
  })
  const list = (name: string) => page.find(`[aria-label="${name}"]`)
  return { page, list }
}

describe('what narrows a search down', () => {
  it('is named in the reader’s language, with how many there are', () => {
    const { list } = lists()
    expect(list('Language').text()).toBe('Language Hindi3 English1'.replaceAll(' ', ''))
    expect(list('Section').get('a').text()).toContain('1,200')
  })

  it('is left out where it tells nothing apart, or is the page’s own', () => {
    expect(lists().list('Format').exists()).toBe(false)
    expect(lists({ format: 'epub' }).list('Format').exists()).toBe(true)
    expect(lists({}, 'section').list('Section').exists()).toBe(false)
  })

  it('is chosen, and pressed again no longer', () => {
    const { list, page } = lists({ language: 'hi' })
    const [hindi, english] = list('Language').findAllComponents(RouterLinkStub)
    expect(hindi?.attributes('aria-current')).toBe('true')
    expect(hindi?.props('to')).toEqual({ path: '/', query: { language: undefined } })
    expect(english?.props('to')).toEqual({ path: '/', query: { language: 'en' } })
    expect(page.findAll('[aria-current]')).toHaveLength(1)
  })

  it('is shown in part where it is long, but never without what is chosen', async () => {
    const { list } = lists({ section: 's11' })
    expect(list('Section').findAll('li')).toHaveLength(9)
    expect(list('Section').text()).toContain('Section 11')
    await list('Section').get('button').trigger('click')
    expect(list('Section').findAll('li')).toHaveLength(12)
    expect(list('Section').get('button').attributes('aria-expanded')).toBe('true')
  })
})
