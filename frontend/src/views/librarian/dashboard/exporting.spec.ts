import { describe, expect, it } from 'vitest'
import { exportOf, isUnderWay, nothingYet, sizeIn } from './exporting'

describe('what is asked for by an export', () => {
  it('is everything of a kind where nothing else is said', () => {
    expect(exportOf(nothingYet())).toEqual({ kind: 'loans' })
  })

  it('has only the filters that are for its kind', () => {
    const all = { status: ['active' as const, 'returned' as const], section: 's1', group: ' 7b ' }
    expect(exportOf({ ...nothingYet(), ...all })).toEqual({ kind: 'loans', status: 'active,returned' })
    expect(exportOf({ ...nothingYet(), ...all, kind: 'books' })).toEqual({ kind: 'books', section: 's1' })
    expect(exportOf({ ...nothingYet(), ...all, kind: 'patrons' })).toEqual({ kind: 'patrons', group: '7b' })
    expect(exportOf({ ...nothingYet(), ...all, kind: 'ratings', from: '2026-01-01' })).toEqual({
      kind: 'ratings',
      from: '2026-01-01',
    })
  })
})

describe('an export', () => {
  it('is under way until its file is there and who was to be told is told', () => {
    expect(isUnderWay({ status: 'running', webhook: null })).toBe(true)
    expect(isUnderWay({ status: 'ready', webhook: 'pending' })).toBe(true)
    expect(isUnderWay({ status: 'ready', webhook: 'failed' })).toBe(false)
    expect(isUnderWay({ status: 'failed', webhook: 'pending' })).toBe(false)
  })

  it('has a size that one can read', () => {
    expect(sizeIn('en', 0)).toBe('0 byte')
    expect(sizeIn('en', 1400)).toBe('1.4 kB')
    expect(sizeIn('en', 52_300_000)).toBe('52.3 MB')
  })
})
