import { nextTick, reactive, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { problemOf, type Problem } from '@/api/problem'
import { useProblemText } from './problems'

/** What is wrong with a value: a message's key and its parameters, or null. */
export type Complaint = { key: string; params?: Record<string, string | number> } | null
export type Rule<V> = (value: V) => Complaint

export const required: Rule<string> = (value) => (value.trim() ? null : { key: 'fields.required' })

export const atMost =
  (max: number): Rule<string> =>
  (value) =>
    [...value].length <= max ? null : { key: 'fields.too-long-for', params: { max } }

export const atLeast =
  (min: number): Rule<string> =>
  (value) =>
    [...value].length >= min ? null : { key: 'fields.too-short-for', params: { min } }

/** A whole number between two bounds. A field left empty is fine here; `required` says when it is not. */
export const wholeNumber =
  (min: number, max: number): Rule<string> =>
  (value) => {
    if (!value.trim()) return null
    const number = Number(value)
    return Number.isInteger(number) && number >= min && number <= max
      ? null
      : { key: 'fields.whole-number', params: { min, max } }
  }

type Rules<T> = { [K in keyof T]?: Rule<T[K]>[] }

/**
 * A form's values, checked before they are sent, with what the API refuses shown at its fields as well.
 * Nothing typed is lost: values change only by typing, or by `load`. A field is not checked when it is left: a
 * message that appears then moves the button from under the pointer that is pressing it.
 */
export function useForm<T extends Record<string, unknown>>(options: {
  initial: T
  rules: Rules<T>
  /** Sends the values. Where the API names a field otherwise, `fieldOf` says which of ours is meant. */
  save: (values: T) => Promise<unknown>
  fieldOf?: (name: string, problem: Problem) => string
}) {
  const { t, te } = useI18n()
  const { describe, describeField } = useProblemText()
  const values = reactive({ ...options.initial }) as T
  const errors = reactive<Record<string, string | undefined>>({})
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)

  function clear() {
    for (const name of Object.keys(errors)) errors[name] = undefined
    problem.value = null
  }

  function check(name: keyof T & string) {
    const complaint = options.rules[name]?.map((rule) => rule(values[name])).find((found) => found !== null)
    errors[name] = complaint ? t(complaint.key, complaint.params ?? {}) : undefined
    return !complaint
  }

  /** Checks again, as the person types, a field that was found wrong. */
  function recheck(name: keyof T & string) {
    if (errors[name]) check(name)
  }

  async function focusFirstWrong(form: HTMLFormElement) {
    await nextTick()
    form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }

  function place(refused: Problem) {
    const nameOf = (field: string) => options.fieldOf?.(field, refused) ?? field.split('.')[0] ?? ''
    // A rule the app has words for says more in them than its one field does.
    const isKnown = refused.fields.length === 1 && te(`problems.${refused.rule}`)
    const named = refused.fields.map((field) => ({
      name: nameOf(field.field),
      message: isKnown ? describe(refused) : describeField(field),
    }))
    // A rule that concerns one field, such as a name that is taken, may name none.
    if (!named.length) named.push({ name: nameOf(''), message: describe(refused) })
    for (const { name, message } of named) if (name in values) errors[name] ??= message
    // What belongs to no field is told above the form.
    problem.value = named.every(({ name }) => name in values) ? null : refused
  }

  /** Handles the form's submit event. */
  async function submit(event: Event) {
    const form = event.currentTarget as HTMLFormElement
    if (busy.value) return
    clear()
    const names = Object.keys(options.rules) as (keyof T & string)[]
    if (!names.map(check).every(Boolean)) return focusFirstWrong(form)
    busy.value = true
    try {
      await options.save({ ...values })
    } catch (thrown) {
      place(problemOf(thrown))
      await focusFirstWrong(form)
    } finally {
      busy.value = false
    }
  }

  function load(fresh: Partial<T>) {
    Object.assign(values, fresh)
    clear()
  }

  return { values, errors, problem, busy, recheck, submit, load }
}
