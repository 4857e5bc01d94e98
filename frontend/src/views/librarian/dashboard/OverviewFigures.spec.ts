import { mount, RouterLinkStub } from '@vue/test-utils'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Overview } from '@/api/models'
import { bringWords, i18n } from '@/locales'
import OverviewFigures from './OverviewFigures.vue'

const overview: Overview = {
  patrons: 3120,
  active_patrons: 640,
  books: 14,
  sections: 1,
  requested: 3,
  waiting: 2,
  ready: 0,
  active: 10,
  returned: 19,
  revoked: 1,
  expired: 4,
  denied: 0,
  cancelled: 0,
  ratings: 0,
  rating: null,
}

const shown = (more: Partial<Overview> = {}) =>
  mount(OverviewFigures, {
    props: { overview: { ...overview, ...more } },
    global: { plugins: [i18n], stubs: { RouterLink: RouterLinkStub } },
  })

describe('the figures of the desk', () => {
  beforeAll(() => bringWords('desk'))

  it('lead to where something can be done about them', () => {
    const links = shown().findAllComponents(RouterLinkStub)
    const to = (words: string) => links.find((link) => link.text().includes(words))?.props('to')
    expect(to('Requests waiting')).toEqual({ name: 'requests' })
    expect(to('Revoked')).toEqual({ name: 'loans', query: { status: 'revoked' } })
    expect(to('640')).toEqual({ name: 'patrons' })
  })

  it('say how many patrons there are beside those who came, and no mean of no ratings', () => {
    const text = shown().text()
    expect(text).toContain('of 3,120')
    expect(text).not.toContain('Mean')
    expect(shown({ ratings: 4, rating: 3.75 }).text()).toContain('Mean 3.75')
  })

  it('call for an answer only where somebody waits for one', () => {
    expect(shown().find('.calls').exists()).toBe(true)
    expect(shown({ requested: 0 }).find('.calls').exists()).toBe(false)
  })
})
