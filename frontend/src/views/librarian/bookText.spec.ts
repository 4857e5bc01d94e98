import { describe, expect, it } from 'vitest'
import type { Book, Settings } from '@/api/models'
import { bookOf, changesOf, merged, textOf } from './bookText'

const settings = { currency: 'EUR', loan_period: 'P7D', grant: 'librarian' } as Settings
const book = {
  title: 'Emma',
  authors: ['Jane Austen'],
  description: 'A match is made.',
  language: 'en',
  series: { name: 'Novels', position: 4 },
  publisher: 'Murray',
  subjects: ['Matchmaking'],
  identifiers: ['urn:isbn:9780141439518'],
  section_ids: ['a'],
  pages: 300,
  price: { amount: 499, currency: 'EUR' },
  copies: null,
  loan_period: 'P7D',
  grant: 'automatic',
} as unknown as Book
const text = () => textOf(book, settings, null)

describe('a book in a form', () => {
  it('says the same when it is read back', () => {
    const { title, authors, series, publisher, subjects, identifiers, price } = bookOf(text(), 'EUR')
    expect({ title, authors, series, publisher, subjects, identifiers, price }).toEqual({
      title: book.title,
      authors: book.authors,
      series: book.series,
      publisher: book.publisher,
      subjects: book.subjects,
      identifiers: book.identifiers,
      price: book.price,
    })
  })

  it('sends what was changed, and nothing else', () => {
    expect(changesOf(text(), text(), 'EUR')).toEqual({})
    const typed = { ...text(), publisher: ' ', authors: 'Jane Austen\n\n Anon ', place: '4,5' }
    expect(changesOf(text(), typed, 'EUR')).toEqual({
      publisher: null,
      authors: ['Jane Austen', 'Anon'],
      series: { name: 'Novels', position: 4.5 },
    })
  })

  it('leaves the series when its name is taken out', () => {
    expect(changesOf(text(), { ...text(), series: '', place: '' }, 'EUR')).toEqual({ series: null })
  })

  it('takes over what somebody else changed, but for what was typed', () => {
    const typed = { ...text(), title: 'Emma, mine' }
    const now = { ...text(), title: 'Emma, theirs', publisher: 'Penguin' }
    const both = merged(text(), typed, now)
    expect(both.theirs).toEqual(['title', 'publisher'])
    expect(both.text).toMatchObject({ title: 'Emma, mine', publisher: 'Penguin' })
    expect(changesOf(now, both.text, 'EUR')).toEqual({ title: 'Emma, mine' })
  })
})
