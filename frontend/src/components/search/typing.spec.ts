import { describe, expect, it } from 'vitest'
import { isHalfTyped } from './typing'

const android = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36'
const desktop = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36'
const input = (data: string, isComposing = true) => new InputEvent('input', { data, isComposing })

describe('what stands in a field', () => {
  it('is half typed while a word is composed', () => {
    expect(isHalfTyped(input('ku'), desktop)).toBe(true)
    expect(isHalfTyped(input('くじ'), desktop)).toBe(true)
    expect(isHalfTyped(input('k', false), desktop)).toBe(false)
  })

  it('is typed on a phone whose keyboard composes every word, unless its script is converted', () => {
    expect(isHalfTyped(input('whale'), android)).toBe(false)
    expect(isHalfTyped(input('नीम'), android)).toBe(false)
    expect(isHalfTyped(input('くじ'), android)).toBe(true)
  })
})
