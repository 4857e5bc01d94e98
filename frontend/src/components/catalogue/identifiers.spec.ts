import { describe, expect, it } from 'vitest'
import { isbnOf, keptIdentifier, shownIdentifier } from './identifiers'

describe('an identifier', () => {
  it.each([
    'urn:isbn:9780141439518',
    '978-0-14-143951-8',
    'ISBN 978 0 14 143951 8',
    'ISBN-13: 9780141439518',
  ])('is an ISBN however it is written: %s', (written) => {
    expect(shownIdentifier(written)).toEqual({ kind: 'ISBN', text: '9780141439518' })
    expect(keptIdentifier(written)).toBe('urn:isbn:9780141439518')
  })

  it('is an ISBN of ten digits too, whose last may be X', () => {
    expect(isbnOf('0-8044-2957-X')).toBe('080442957X')
  })

  it('is no ISBN when its check digit is wrong, and is kept as it was written', () => {
    expect(isbnOf('9780141439517')).toBeNull()
    expect(keptIdentifier(' 9780141439517 ')).toBe('9780141439517')
    expect(shownIdentifier('urn:isbn:9780141439517')).toEqual({ kind: 'ISBN', text: '9780141439517' })
  })

  it('is shown as what it is called: a DOI, an ISSN', () => {
    expect(shownIdentifier('https://doi.org/10.1000/182')).toEqual({ kind: 'DOI', text: '10.1000/182' })
    expect(shownIdentifier('urn:issn:2049-3630')).toEqual({ kind: 'ISSN', text: '2049-3630' })
    expect(shownIdentifier('local-7')).toEqual({ kind: null, text: 'local-7' })
  })

  it('is not shown where it is a mark for computers', () => {
    expect(shownIdentifier('urn:uuid:8B3EBB46-DA57-11E2-AB84-32F5FD9156E7')).toBeNull()
  })
})
