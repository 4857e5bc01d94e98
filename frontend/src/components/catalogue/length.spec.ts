import { describe, expect, it } from 'vitest'
import { fileSize, readingTime } from './length'

describe('the length of a book', () => {
  it('is told in minutes where it is short, and never as none', () => {
    expect(readingTime(6)).toEqual({ value: 1, unit: 'minute' })
    expect(readingTime(700)).toEqual({ value: 5, unit: 'minute' })
    expect(readingTime(7_100)).toEqual({ value: 30, unit: 'minute' })
  })

  it('is told in hours where it is long, to the half while that means something', () => {
    expect(readingTime(35_711)).toEqual({ value: 2.5, unit: 'hour' })
    expect(readingTime(214_475)).toEqual({ value: 15, unit: 'hour' })
  })

  it('names the size of a file as a person would', () => {
    expect(fileSize(1_863, 'en')).toBe('1.9 kB')
    expect(fileSize(156_452, 'en')).toBe('156 kB')
    expect(fileSize(1_400_000, 'en')).toBe('1.4 MB')
    expect(fileSize(0, 'en')).toBe('0 byte')
  })
})
