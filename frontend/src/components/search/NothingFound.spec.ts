import { mount, RouterLinkStub } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { i18n } from '@/locales'
import type { Filter } from './finding'
import NothingFound from './NothingFound.vue'

function page(active: { filter: Filter; text: string }[], didYouMean?: string) {
  const shown = mount(NothingFound, {
    props: { active, didYouMean, to: (change) => ({ path: '/', query: { ...change } }) },
    global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
  })
  const ways = shown.findAllComponents(RouterLinkStub).map((link) => [link.text(), link.props('to')] as const)
  return { shown, ways: new Map(ways) }
}

describe('where nothing is found', () => {
  it('one may have meant other words', () => {
    const { ways, shown } = page([], 'مرافئ')
    expect(ways.get('Did you mean “مرافئ”?')).toEqual({ path: '/', query: { q: 'مرافئ' } })
    expect(shown.get('bdi').text()).toBe('مرافئ')
    expect(shown.text()).toContain('Check the spelling')
  })

  it('each filter may be in the way, or all of them', () => {
    const { ways, shown } = page([
      { filter: 'language', text: 'Hindi' },
      { filter: 'format', text: 'PDF' },
    ])
    expect(ways.get('Without Hindi')).toEqual({ path: '/', query: { language: undefined } })
    expect(ways.has('Without any filter')).toBe(true)
    expect(shown.text()).not.toContain('Did you mean')
  })

  it('there are other ways to a book', () => {
    expect([...page([]).ways.keys()]).toEqual(['Browse the sections', 'All books'])
  })
})
