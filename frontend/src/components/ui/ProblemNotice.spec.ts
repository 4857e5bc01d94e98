import { mount } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { createRouter, createWebHistory } from 'vue-router'
import { Problem } from '@/api/problem'
import { i18n } from '@/locales'
import ProblemNotice from './ProblemNotice.vue'

const router = createRouter({
  history: createWebHistory(),
  routes: [{ path: '/books/:id', name: 'book', component: {} }],
})
const notice = (problem: Problem, acts = false) =>
  mount(ProblemNotice, { props: { problem, acts }, global: { plugins: [i18n, router] } })

afterEach(() => {
  i18n.global.locale.value = 'en'
})

describe('what was refused', () => {
  const full = new Problem(
    409,
    'loan-limit-reached',
    'Full',
    'You have 2 of 2 e-books. Return one first.',
    [],
    [
      { action: 'return', text: 'Emma', book_id: 'b1', loan_id: 'l1' },
      { action: 'cancel', text: 'Godan', book_id: 'b2', loan_id: 'l2' },
    ],
  )

  it('is told in the app’s words where it knows the rule', () => {
    const shown = notice(new Problem(401, 'wrong-credentials', 'Title', 'Detail of the API'))
    expect(shown.text()).toBe('User name or password is wrong.')
  })

  it('is told in the library’s words where they say more, and the reader knows the language', () => {
    expect(notice(full).text()).toContain('You have 2 of 2 e-books.')
    i18n.global.locale.value = 'fr'
    i18n.global.setLocaleMessage('fr', { ...i18n.global.messages.value.en })
    expect(notice(full).text()).not.toContain('2 of 2')
  })

  it('comes with the ways out, as links and as what can be done at once', async () => {
    const shown = notice(full, true)
    expect(shown.findAll('a').map((link) => link.attributes('href'))).toEqual(['/books/b1', '/books/b2'])
    expect(shown.findAll('button').map((button) => button.text())).toEqual(['Return Emma', 'Give up Godan'])
    await shown.findAll('button')[1]?.trigger('click')
    expect(shown.emitted('way')).toEqual([[full.waysOut[1]]])
    expect(notice(full).findAll('button')).toHaveLength(0)
  })

  it('offers joining the queue, and says when that would help', async () => {
    const way = {
      action: 'wait',
      text: 'Emma',
      book_id: 'b1',
      after: null,
      by: '2030-03-09T00:00:00Z',
    }
    const out = new Problem(409, 'no-copy-available', '', '', [], [way])
    const shown = mount(ProblemNotice, {
      props: { problem: out, acts: true, timezone: 'UTC' },
      global: { plugins: [i18n, router] },
    })
    expect(shown.text()).toContain('by Mar 9, 2030 at the latest')
    await shown.get('button').trigger('click')
    expect(shown.emitted('way')).toEqual([[way]])
  })

  it('makes no button of a way that the app does not know', () => {
    const way = { action: 'end-loans', text: 'Remove it and end 2 loans.', book_id: 'b1' }
    expect(notice(new Problem(409, 'book-is-out', '', '', [], [way]), true).findAll('button')).toHaveLength(0)
  })
})
