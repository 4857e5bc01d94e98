import { expect, it } from 'vitest'
import { Problem } from '@/api/problem'
import { bringRecords } from './jobs'
import type { ImportedBook, Row } from './sheet'

const row = (line: number, title: string, wrong: Row['wrong'] = []): Row => ({
  line,
  title,
  record: wrong.length ? null : { title },
  wrong,
})

it('a record that does not validate is put aside, and the others are sent again', async () => {
  const sent: string[][] = []
  const post = (books: ImportedBook[]) => {
    sent.push(books.map(({ title }) => title))
    const at = books.findIndex(({ title }) => title === 'bad')
    if (at >= 0)
      return Promise.reject(
        new Problem(422, '', '', '', [{ field: `books.${at}.language`, message: 'No.', code: 'pattern' }]),
      )
    return Promise.resolve({
      results: books.map(({ title }) => ({ ok: true, id: title, held: title === 'old' })),
    })
  }
  const rows = [
    row(2, 'new'),
    row(3, 'bad'),
    row(4, '', [{ field: 'title', code: 'required', message: '' }]),
    row(5, 'old'),
  ]
  const outcomes = await bringRecords('list.csv', rows, { grant: 'automatic' }, post)
  expect(sent).toEqual([
    ['new', 'bad', 'old'],
    ['new', 'old'],
  ])
  expect(outcomes.map(({ line, ending }) => [line, ending])).toEqual([
    [2, 'added'],
    [3, 'refused'],
    [4, 'refused'],
    [5, 'held'],
  ])
  expect(outcomes[1]?.why).toEqual({ fields: [{ field: 'language', message: 'No.', code: 'pattern' }] })
})

it('what the library says of no record is a failure of all', async () => {
  const post = () => Promise.reject(new Problem(422, '', '', '', [{ field: 'books', message: 'No.' }]))
  await expect(bringRecords('list.csv', [row(2, 'new')], {}, post)).rejects.toMatchObject({ status: 422 })
})
