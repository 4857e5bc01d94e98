import { mount } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { defineComponent, h, nextTick, ref } from 'vue'
import type { Suggestion } from '@/api/models'
import { i18n } from '@/locales'
import SearchBox from './SearchBox.vue'

// The likeliest first; on the page the titles stand together.
const whales: Suggestion[] = [
  { kind: 'title', text: 'The Whale', id: 'b1' },
  { kind: 'author', text: 'Wha Lee', id: 'Wha Lee' },
  { kind: 'title', text: 'Whaling Days', id: 'b2' },
  { kind: 'section', text: 'Whales', id: 's1' },
]

const open: { unmount: () => void }[] = []

function box(suggestions = whales) {
  const typed: string[] = []
  const searched: string[] = []
  const chosen: Suggestion[] = []
  const text = ref('')
  const offered = ref<Suggestion[]>([])
  const page = mount(
    defineComponent(
      () => () =>
        h(SearchBox, {
          modelValue: text.value,
          'onUpdate:modelValue': (now: string) => {
            text.value = now
          },
          suggestions: offered.value,
          onTyped: (now: string) => {
            typed.push(now)
            offered.value = now ? suggestions : []
          },
          onSearch: (now: string) => searched.push(now),
          onChoose: (one: Suggestion) => chosen.push(one),
        }),
    ),
    { global: { plugins: [i18n] }, attachTo: document.body },
  )
  open.push(page)
  const input = page.get('input')
  const options = () => page.findAll('[role=option]')
  const highlighted = () => {
    const id = input.attributes('aria-activedescendant')
    return id === undefined ? undefined : document.getElementById(id)?.textContent.trim()
  }
  return {
    page,
    input,
    options,
    highlighted,
    typed,
    searched,
    chosen,
    async types(now: string) {
      await input.setValue(now)
      await nextTick()
    },
    async presses(...keys: (string | KeyboardEventInit)[]) {
      for (const key of keys) {
        const event = new KeyboardEvent('keydown', {
          bubbles: true,
          cancelable: true,
          ...(typeof key === 'string' ? { key } : key),
        })
        input.element.dispatchEvent(event)
        await nextTick()
        // A browser submits the form of a field in which Enter was pressed and left to it.
        if (event.key === 'Enter' && !event.defaultPrevented && !event.isComposing && event.keyCode !== 229)
          await page.get('form').trigger('submit')
      }
    },
    async composes(now: string) {
      input.element.value = now
      input.element.dispatchEvent(new InputEvent('input', { bubbles: true, isComposing: true, data: now }))
      await nextTick()
    },
  }
}

afterEach(() => {
  for (const page of open.splice(0)) page.unmount()
})

describe('while one types', () => {
  it('what may be meant is listed by kind, with what was typed marked', async () => {
    const { types, page, options, input } = box()
    expect(input.attributes('aria-expanded')).toBe('false')
    await types('wha')
    expect(input.attributes('aria-expanded')).toBe('true')
    expect(page.findAll('[role=group]').map((group) => group.get('p').text())).toEqual([
      'Titles',
      'Authors',
      'Sections',
    ])
    expect(options().map((option) => option.text())).toEqual([
      'The Whale',
      'Whaling Days',
      'Wha Lee',
      'Whales',
    ])
    expect(options().map((option) => option.get('mark').text())).toEqual(['Wha', 'Wha', 'Wha', 'Wha'])
    expect(page.get('[role=status]').text()).toContain('4 suggestions')
  })

  it('names are text, whatever they are made of', async () => {
    const { types, page } = box([{ kind: 'title', text: '<img src=x onerror=alert(1)>', id: 'b1' }])
    await types('img')
    expect(page.find('[role=option] img').exists()).toBe(false)
    expect(page.get('[role=option]').text()).toBe('<img src=x onerror=alert(1)>')
  })

  it('nothing is listed where nothing may be meant', async () => {
    const { types, page, input } = box([])
    await types('qqq')
    expect(page.find('[role=listbox]').exists()).toBe(false)
    expect(input.attributes('aria-expanded')).toBe('false')
  })
})

describe('by keyboard', () => {
  it('one goes down through all, back to the field, and up from the last', async () => {
    const { types, presses, highlighted } = box()
    await types('wha')
    const seen: (string | undefined)[] = []
    for (const key of [
      'ArrowDown',
      'ArrowDown',
      'ArrowDown',
      'ArrowDown',
      'ArrowDown',
      'ArrowUp',
      'ArrowUp',
    ]) {
      await presses(key)
      seen.push(highlighted())
    }
    expect(seen).toEqual(['The Whale', 'Whaling Days', 'Wha Lee', 'Whales', undefined, 'Whales', 'Wha Lee'])
  })

  it('Enter chooses what is highlighted, and else searches for the words', async () => {
    const { types, presses, chosen, searched, page } = box()
    await types(' wha ')
    await presses('ArrowDown', 'ArrowDown', 'Enter')
    expect(chosen.map(({ id }) => id)).toEqual(['b2'])
    expect(searched).toEqual([])
    expect(page.find('[role=listbox]').exists()).toBe(false)
    await presses('Enter')
    expect(searched).toEqual(['wha'])
  })

  it('Escape closes the list, then empties the field, then is left to others', async () => {
    const { types, presses, page, input, typed } = box()
    let left = 0
    page.element.addEventListener('keydown', () => left++)
    await types('wha')
    await presses('Escape')
    expect(page.find('[role=listbox]').exists()).toBe(false)
    expect(input.element.value).toBe('wha')
    await presses('Escape')
    expect(input.element.value).toBe('')
    expect(typed.at(-1)).toBe('')
    expect(left).toBe(0)
    await presses('Escape')
    expect(left).toBe(1)
  })

  it('a closed list opens again, with Alt without a choice', async () => {
    const { types, presses, highlighted, page } = box()
    await types('wha')
    await presses('Escape', { key: 'ArrowDown', altKey: true })
    expect(page.find('[role=listbox]').exists()).toBe(true)
    expect(highlighted()).toBeUndefined()
    await presses({ key: 'ArrowUp', altKey: true })
    expect(page.find('[role=listbox]').exists()).toBe(false)
    await presses('ArrowDown')
    expect(highlighted()).toBe('The Whale')
  })

  it('Home, End and the arrows sideways are the field’s', async () => {
    const { types, presses, highlighted, searched } = box()
    await types('wha')
    for (const key of ['Home', 'End', 'ArrowLeft', 'ArrowRight']) {
      await presses('ArrowDown', key)
      expect(highlighted(), key).toBeUndefined()
    }
    await presses('ArrowDown', 'Home', 'Enter')
    expect(searched).toEqual(['wha'])
  })

  it('typing on forgets the choice', async () => {
    const { types, presses, highlighted } = box()
    await types('wha')
    await presses('ArrowDown')
    await types('whal')
    expect(highlighted()).toBeUndefined()
  })

  it('leaving the field closes the list', async () => {
    const { types, input, page } = box()
    await types('wha')
    await input.trigger('blur')
    expect(page.find('[role=listbox]').exists()).toBe(false)
  })
})

describe('with a pointer', () => {
  it('one is chosen where it is pressed, and the field keeps the focus', async () => {
    const { types, options, page, chosen } = box()
    await types('wha')
    const press = new MouseEvent('mousedown', { bubbles: true, cancelable: true })
    options()[3]?.element.dispatchEvent(press)
    expect(press.defaultPrevented).toBe(true)
    await options()[3]?.trigger('click')
    expect(chosen.map(({ id }) => id)).toEqual(['s1'])
    expect(page.find('[role=listbox]').exists()).toBe(false)
  })

  it('the field is emptied', async () => {
    const { types, page, input } = box()
    await types('wha')
    await page.get('button[type=button]').trigger('click')
    expect(input.element.value).toBe('')
    expect(document.activeElement).toBe(input.element)
  })
})

describe('while an input method composes a word', () => {
  it('nothing is asked for until the word stands', async () => {
    const { composes, typed, page, input } = box()
    await composes('ku')
    await composes('くじ')
    expect(typed).toEqual([])
    expect(page.find('[role=listbox]').exists()).toBe(false)
    input.element.value = '鯨'
    await input.trigger('compositionend')
    expect(typed).toEqual(['鯨'])
  })

  it('what is written so far is not taken away when the page changes', async () => {
    const { composes, input, page } = box()
    await composes('くじ')
    page.vm.$forceUpdate()
    await nextTick()
    expect(input.element.value).toBe('くじ')
  })

  it('its keys are its own, and so is the Enter that ends it', async () => {
    const { types, presses, highlighted, searched, chosen } = box()
    await types('鯨')
    await presses({ key: 'ArrowDown', isComposing: true }, { key: 'Enter', isComposing: true })
    await presses({ key: 'Enter', keyCode: 229 } as KeyboardEventInit)
    expect(highlighted()).toBeUndefined()
    expect([...searched, ...chosen]).toEqual([])
  })
})
