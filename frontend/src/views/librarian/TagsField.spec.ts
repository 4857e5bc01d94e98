import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { ref } from 'vue'
import { i18n } from '@/locales'
import TagsField from './TagsField.vue'

function field(tags: string[]) {
  const value = ref(tags)
  const shown = mount(
    {
      components: { TagsField },
      setup: () => ({ value }),
      template: '<form><TagsField v-model="value" label="Subjects" /></form>',
    },
    { global: { plugins: [i18n] }, attachTo: document.body },
  )
  return { value, shown, input: shown.get('input') }
}

describe('a field of subjects', () => {
  it('adds what was typed at Enter, and leaves Enter in the empty field to the form', async () => {
    const { value, input } = field(['History'])
    await input.setValue(' Whales, and hunting ')
    const pressed = new KeyboardEvent('keydown', { key: 'Enter', cancelable: true, bubbles: true })
    input.element.dispatchEvent(pressed)
    expect(pressed.defaultPrevented).toBe(true)
    expect(value.value).toEqual(['History', 'Whales, and hunting'])
    const again = new KeyboardEvent('keydown', { key: 'Enter', cancelable: true, bubbles: true })
    input.element.dispatchEvent(again)
    expect(again.defaultPrevented).toBe(false)
  })

  it('keeps what was typed when the field is left, and adds nothing twice', async () => {
    const { value, input } = field(['History'])
    await input.setValue('Ships')
    await input.trigger('blur')
    await input.setValue('History')
    await input.trigger('blur')
    expect(value.value).toEqual(['History', 'Ships'])
  })

  it('takes one off, says so, and goes on to the next', async () => {
    const { value, shown } = field(['History', 'Ships'])
    await shown.get('button[aria-label="Take off History"]').trigger('click')
    expect(value.value).toEqual(['Ships'])
    expect(shown.get('[role=status]').text()).toBe('Taken off: History')
    await new Promise((resolve) => setTimeout(resolve))
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Take off Ships')
  })

  it('takes the last one back into the field at Backspace', async () => {
    const { value, input } = field(['History', 'Ships'])
    await input.trigger('keydown', { key: 'Backspace' })
    expect(value.value).toEqual(['History'])
    expect((input.element as HTMLInputElement).value).toBe('Ships')
  })
})
