import { expect, it } from 'vitest'
import { group } from './group'

const found = (...paths: string[]) =>
  paths.map((path) => ({ path, file: new File(['x'], path.slice(path.lastIndexOf('/') + 1)) }))

it('a folder of calibre is one book, its EPUB before its PDF, with its cover', () => {
  const haul = group(
    found(
      'Library/metadata.db',
      'Library/Rao/Neem (7)/Neem - Rao.pdf',
      'Library/Rao/Neem (7)/Neem - Rao.epub',
      'Library/Rao/Neem (7)/metadata.opf',
      'Library/Rao/Neem (7)/cover.jpg',
      'Library/Rao/Only Mobi (8)/metadata.opf',
      'Library/Rao/Only Mobi (8)/Only.mobi',
      'Library/.caltrash/b/9/metadata.opf',
      'Library/.caltrash/b/9/Gone.epub',
    ),
  )
  expect(haul.pieces.map(({ name, file, opf, cover }) => [name, file?.name, opf?.name, cover?.name])).toEqual(
    [
      ['Library/Rao/Neem (7)/Neem - Rao.epub', 'Neem - Rao.epub', 'metadata.opf', 'cover.jpg'],
      ['Library/Rao/Only Mobi (8)', undefined, 'metadata.opf', undefined],
    ],
  )
})

it('elsewhere each file is a book, and what is none is left aside', () => {
  const haul = group(
    found('f/b10.epub', 'f/b2.PDF', 'f/cover.jpg', 'f/._b2.PDF', 'f/.DS_Store', 'f/list.csv'),
  )
  expect(haul.pieces.map(({ name }) => name)).toEqual(['f/b2.PDF', 'f/b10.epub'])
  expect(haul.others).toBe(2)
  expect(haul.lists).toEqual([])
})

it('a list is read where it was chosen itself', () => {
  expect(group(found('list.csv', 'more.JSONL')).lists.map(({ name }) => name)).toEqual([
    'list.csv',
    'more.JSONL',
  ])
})
