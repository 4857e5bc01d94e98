import { describe, expect, it } from 'vitest'
import { placeNamed } from './reading'

describe('an address of the reader', () => {
  it('names a page of a PDF, a file of an EPUB, or nothing', () => {
    expect(placeNamed('#page=12')).toBe('12')
    expect(placeNamed('#OEBPS/c1.xhtml#s2')).toBe('OEBPS/c1.xhtml#s2')
    expect(placeNamed('')).toBeNull()
  })
})
