import { expect, it } from 'vitest'
import { ref } from 'vue'
import { useSelection } from './selection'

it('with Shift everything between the last and this one follows', () => {
  const selection = useSelection(ref(['a', 'b', 'c', 'd']))
  selection.toggle('d', false)
  selection.toggle('b', true)
  expect(selection.selected.value).toEqual(['b', 'c', 'd'])
  selection.toggle('c', true)
  expect(selection.selected.value).toEqual(['d'])
})

it('what leaves the list is selected no more, and what comes is not all of it', () => {
  const ids = ref(['a', 'b'])
  const selection = useSelection(ids)
  selection.all(true)
  expect(selection.isAll.value).toBe(true)
  ids.value = ['b', 'c']
  expect(selection.selected.value).toEqual(['b'])
  expect(selection.isAll.value).toBe(false)
})
