import { describe, expect, it } from 'vitest'
import { fractionDigits, toMinor, toWritten } from './money'

describe('a price', () => {
  it('is kept in minor units, whatever the currency has', () => {
    expect(toMinor('4.99', fractionDigits('EUR'))).toBe(499)
    expect(toMinor('4,9', fractionDigits('EUR'))).toBe(490)
    expect(toMinor('500', fractionDigits('JPY'))).toBe(500)
    expect(toMinor('1.250', fractionDigits('KWD'))).toBe(1250)
    expect(toMinor('0.29', 2)).toBe(29)
  })

  it('is no amount with too many digits, a sign or words', () => {
    for (const text of ['', '4.999', '-1', 'free', '1e3', '1,000.00']) expect(toMinor(text, 2)).toBeNull()
    expect(toMinor('4.5', fractionDigits('JPY'))).toBeNull()
  })

  it('is written back as it was typed', () => {
    expect(toWritten(499, 2)).toBe('4.99')
    expect(toWritten(500, 0)).toBe('500')
  })
})
