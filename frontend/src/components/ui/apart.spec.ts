import { describe, expect, it } from 'vitest'
import { apart, partsOf, plain } from './apart'

describe('words set apart in a sentence', () => {
  const sentence = `Results for “${apart('مرافئ (2)')}”`

  it('are told from the sentence', () => {
    expect(partsOf(sentence)).toEqual([
      { text: 'Results for “', apart: false },
      { text: 'مرافئ (2)', apart: true },
      { text: '”', apart: false },
    ])
    expect(plain(sentence)).toBe('Results for “مرافئ (2)”')
  })

  it('cannot end where they are not at an end', () => {
    expect(partsOf(`a ${apart('b\u2069c')} d`).map((part) => part.text)).toEqual(['a ', 'bc', ' d'])
  })

  it('may be none', () => {
    expect(plain('Books')).toBe('Books')
  })
})
