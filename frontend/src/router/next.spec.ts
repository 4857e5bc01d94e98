import { describe, expect, it } from 'vitest'
import { nextPath } from './next'

describe('where one goes after signing in', () => {
  it('is the page one came from', () => {
    expect(nextPath('/me/loans')).toBe('/me/loans')
    expect(nextPath('/librarian/loans?status=all')).toBe('/librarian/loans?status=all')
  })

  it('is never another site', () => {
    for (const asked of [
      'https://e.example/',
      '//e.example/x',
      '/\\e.example',
      'javascript:alert(1)',
      '',
      null,
      ['/a'],
    ])
      expect(nextPath(asked)).toBe('/')
  })
})
