import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent } from 'vue'
import { Problem } from '@/api/problem'
import TextField from '@/components/ui/TextField.vue'
import { i18n } from '@/locales'
import { atMost, required, useForm, wholeNumber } from './form'

function form(save: (values: { title: string; pages: string }) => Promise<unknown>) {
  const shown = mount(
    defineComponent({
      components: { TextField },
      setup: () =>
        useForm({
          initial: { title: '', pages: '' },
          rules: { title: [required, atMost(5)], pages: [wholeNumber(1, 9)] },
          fieldOf: (name, { rule }) => (rule === 'username-taken' ? 'title' : name),
          save,
        }),
      template: `<form @submit.prevent="submit">
        <p v-if="problem" role="alert">{{ problem.rule }}</p>
        <TextField v-model="values.title" label="Title" :error="errors.title" @input="recheck('title')" />
        <TextField v-model="values.pages" label="Pages" :error="errors.pages" />
      </form>`,
    }),
    { global: { plugins: [i18n] }, attachTo: document.body },
  )
  const [title, pages] = shown.findAll('input')
  if (!title || !pages) throw new Error('no fields')
  const send = async () => {
    await shown.get('form').trigger('submit')
    await flushPromises()
  }
  return { shown, title, pages, send }
}

describe('a form', () => {
  it('says what is wrong at the field, points there, and sends nothing', async () => {
    const save = vi.fn()
    const { shown, title, send } = form(save)
    await send()
    expect(save).not.toHaveBeenCalled()
    expect(title.attributes('aria-invalid')).toBe('true')
    expect(shown.get(`[id="${title.attributes('aria-describedby')}"]`).text()).toBe('This is needed.')
    expect(document.activeElement).toBe(title.element)
  })

  it('takes the message back as soon as the field is right', async () => {
    const { title, send } = form(vi.fn())
    await send()
    await title.setValue('Emma')
    expect(title.attributes('aria-invalid')).toBe('false')
  })

  it('shows what the library refuses at its field, and keeps what was typed', async () => {
    const errors = [{ field: 'pages', message: 'Not that many.', code: 'too-large' }]
    const { shown, title, pages, send } = form(() =>
      Promise.reject(new Problem(422, 'invalid', '', '', errors)),
    )
    await title.setValue('Emma')
    await pages.setValue('9')
    await send()
    expect(shown.text()).toContain('Not that many.')
    expect(document.activeElement).toBe(pages.element)
    expect([title.element.value, pages.element.value]).toEqual(['Emma', '9'])
    expect(shown.find('[role=alert]').exists()).toBe(false)
  })

  it('tells above the form what belongs to no field', async () => {
    const { shown, title, send } = form(() => Promise.reject(new Problem(409, 'book-is-out', '', '')))
    await title.setValue('Emma')
    await send()
    expect(shown.get('[role=alert]').text()).toBe('book-is-out')
  })

  it('tells at its field a rule that concerns one', async () => {
    const { shown, title, send } = form(() => Promise.reject(new Problem(409, 'username-taken', '', '')))
    await title.setValue('Emma')
    await send()
    expect(title.attributes('aria-invalid')).toBe('true')
    expect(document.activeElement).toBe(title.element)
    expect(shown.text()).toContain('This user name is taken.')
    expect(shown.find('[role=alert]').exists()).toBe(false)
  })

  it('counts letters as people do, not in UTF-16', () => {
    expect(atMost(2)('📚📚')).toBeNull()
    expect(atMost(2)('📚📚📚')).not.toBeNull()
  })
})
