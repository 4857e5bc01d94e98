import { describe, expect, it } from 'vitest'
import en from '@/locales/notices/en.json'
import { filling, placeOf } from './notice'

describe('a notice', () => {
  it('leads to where it can be acted on, if there is such a place', () => {
    expect(placeOf({ kind: 'loan-ready', data: {} })).toEqual({ name: 'my-loans' })
    expect(placeOf({ kind: 'loan-expired', data: { book_id: 'b1' } })).toEqual({
      name: 'book',
      params: { id: 'b1' },
    })
    expect(placeOf({ kind: 'export-ready', data: {} })).toEqual({ name: 'desk', hash: '#exports' })
    expect(placeOf({ kind: 'of-another-time', data: {} })).toBeNull()
  })

  it('of every kind that the app has words for leads somewhere', () => {
    for (const kind of Object.keys(en.notices.kinds))
      expect(placeOf({ kind, data: { book_id: 'b1' } }), kind).not.toBeNull()
  })

  it('is filled with its data, in words where there are some', () => {
    const data = { what: 'loans', rows: 12, channel: 'sms', title: 'Shoals', odd: { of: 1 } }
    expect(filling({ data }, (key) => key)).toEqual({
      what: 'notices.whats.loans',
      rows: '12',
      channel: 'channels.sms',
      title: '\u2068Shoals\u2069',
      odd: '',
    })
  })
})
