import { describe, expect, it } from 'vitest'
import { csvOf, textOf } from './files'

const bytes = (...values: number[]) => new Uint8Array(values).buffer

describe('a list of patrons from a spreadsheet', () => {
  it('is read as it was saved, old or new', () => {
    expect(textOf(new TextEncoder().encode('Chloé, 李').buffer)).toBe('Chloé, 李')
    expect(textOf(bytes(0x43, 0x68, 0x6c, 0x6f, 0xe9))).toBe('Chloé')
  })
})

describe('a list of passwords for a spreadsheet', () => {
  it('keeps commas, quotes and lines inside their cells', () => {
    expect(csvOf([['name'], ['Smith, "Al"\nJr']])).toBe('\ufeffname\r\n"Smith, ""Al""\nJr"\r\n')
  })

  it('holds nothing that is worked out', () => {
    expect(csvOf([['=1+1', '@x', 'plain-word']])).toBe("\ufeff'=1+1,'@x,plain-word\r\n")
  })
})
