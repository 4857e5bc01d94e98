import { describe, expect, it } from 'vitest'
import { findingOf, orderOf, ordersOf, queryOf, tellsApart, type Finding } from './finding'

describe('an address of a search', () => {
  it('says all that was asked for, and is read back as it was written', () => {
    const finding: Finding = {
      q: 'नीम के नीचे',
      section: 's1',
      author: 'Ursula, K. & Co',
      language: 'zh-Hant',
      format: 'epub',
      sort: 'rating',
    }
    expect(findingOf(queryOf(finding) as Record<string, string>)).toEqual(finding)
  })

  it('asks for nothing where it says nothing', () => {
    expect(findingOf({})).toEqual({})
    expect(findingOf({ q: '  ', author: '', lang: 'ar' })).toEqual({})
    expect(queryOf({ q: '', language: undefined })).toEqual({})
  })

  it('is forgiven what no library could answer', () => {
    expect(findingOf({ format: 'scroll', sort: 'weight', language: '<script>' })).toEqual({})
    expect(findingOf({ q: 'x'.repeat(999) }).q).toHaveLength(200)
  })

  it('counts once where it says a thing twice', () => {
    expect(findingOf({ q: ['whale', 'shark'], author: [null] })).toEqual({ q: 'whale' })
  })

  it('is the same address for the same search', () => {
    const some = queryOf({ language: 'hi', q: 'rain' })
    expect(Object.keys(some)).toEqual(Object.keys(queryOf({ q: 'rain', language: 'hi' })))
  })
})

describe('the order of what is found', () => {
  it('is by relevance where words are searched, else the newest first', () => {
    expect(orderOf({ q: 'rain' })).toBe('relevance')
    expect(orderOf({ author: 'Abel' })).toBe('newest')
    expect(orderOf({ q: 'rain', sort: 'title' })).toBe('title')
  })

  it('is not by relevance to nothing', () => {
    expect(ordersOf({ author: 'Abel' })).not.toContain('relevance')
    expect(ordersOf({ q: 'rain' })[0]).toBe('relevance')
  })
})

describe('the values of a filter', () => {
  it('are listed where there is something to choose or to take off', () => {
    expect(tellsApart(['en', 'hi'], undefined)).toBe(true)
    expect(tellsApart(['en'], undefined)).toBe(false)
    expect(tellsApart(['en'], 'en')).toBe(true)
    expect(tellsApart([], 'en')).toBe(false)
  })
})
