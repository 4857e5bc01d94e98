import { mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import BusyButton from './BusyButton.vue'

describe('a button that works', () => {
  it('does nothing when pressed again, and keeps the focus', async () => {
    const onClick = vi.fn()
    const shown = mount(BusyButton, { props: { busy: false }, attrs: { onClick }, attachTo: document.body })
    shown.element.focus()
    await shown.trigger('click')
    await shown.setProps({ busy: true })
    await shown.trigger('click')
    expect(onClick).toHaveBeenCalledTimes(1)
    expect(document.activeElement).toBe(shown.element)
  })
})
