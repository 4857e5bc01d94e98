import { describe, expect, it } from 'vitest'
import { ref } from 'vue'
import { inboxKey, useRoving } from './roving'

describe('the place in the inbox', () => {
  it('begins at the first and stays inside the list', () => {
    const list = useRoving(ref(['a', 'b', 'c']))
    expect(list.current.value).toBe('a')
    list.move(-1)
    expect(list.current.value).toBe('a')
    list.move(1)
    list.move(1)
    list.move(1)
    expect(list.current.value).toBe('c')
    list.first()
    expect(list.current.value).toBe('a')
    list.last()
    expect(list.current.value).toBe('c')
  })

  it('passes to the next when the one it was on is answered', () => {
    const ids = ref(['a', 'b', 'c'])
    const list = useRoving(ids)
    list.go('b')
    ids.value = ['a', 'c']
    expect(list.current.value).toBe('c')
    ids.value = ['a']
    expect(list.current.value).toBe('a')
    ids.value = []
    expect(list.current.value).toBeNull()
  })

  it('stays on its request when others come before it', () => {
    const ids = ref(['b', 'c'])
    const list = useRoving(ids)
    list.go('c')
    ids.value = ['a', 'b', 'c']
    expect(list.current.value).toBe('c')
    ids.value = ['a', 'b', 'd']
    expect(list.current.value).toBe('d')
  })
})

describe('a key in the inbox', () => {
  const none = { ctrlKey: false, altKey: false, metaKey: false }

  it('means what the help says', () => {
    expect(['j', 'ArrowUp', 'x', 'g', 'G', 'd', 'q'].map((key) => inboxKey({ key, ...none }))).toEqual([
      'next',
      'previous',
      'select',
      'grant',
      'grant-for',
      'deny',
      null,
    ])
  })

  it('is the browser’s with Ctrl, Alt or Meta', () => {
    for (const held of ['ctrlKey', 'altKey', 'metaKey'])
      expect(inboxKey({ key: 'a', ...none, [held]: true })).toBeNull()
  })
})
