import { describe, expect, it } from 'vitest'
import { decoded, fieldOf, readCsv, readJsonLines } from './sheet'

const utf8 = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer

describe('a list of books as CSV', () => {
  it('is taken by its headers, whatever they are called and however they are separated', async () => {
    const sheet = await readCsv(
      'list.csv',
      'Title;Author;Lang;Tags;ISBN-13;Series Index;series;shelf colour\n' +
        '"Neem; a tree";"Lata Rao; Ada Mora";eng;Trees, Salt;978-0-14-143951-8;2,5;Coast;green\n',
    )
    expect(sheet.columns.map(({ field }) => field)).toEqual([
      'title',
      'authors',
      'language',
      'subjects',
      'isbn',
      'series_position',
      'series',
      null,
    ])
    expect(sheet.rows[0]?.record).toMatchObject({
      title: 'Neem; a tree',
      authors: ['Lata Rao', 'Ada Mora'],
      language: 'en',
      subjects: ['Trees', 'Salt'],
      identifiers: ['urn:isbn:9780141439518'],
      series: { name: 'Coast', position: 2.5 },
    })
  })

  it('names the line on which a record begins, over quoted breaks and empty lines', async () => {
    const sheet = await readCsv('list.csv', 'title,copies\r\n"A\r\nbook",1\r\n\r\n\r\nSecond,many\r\n,2\r\n')
    expect(
      sheet.rows.map(({ line, wrong }) => [line, wrong.map(({ field, code }) => `${field} ${code}`)]),
    ).toEqual([
      [2, []],
      [6, ['copies whole-number']],
      [7, ['title required']],
    ])
  })

  it('does not make one book of all whose ISBN a spreadsheet has rounded', async () => {
    const sheet = await readCsv('list.csv', 'title,isbn\nOne,9.78014E+12\n')
    expect(sheet.rows[0]?.record).toBeNull()
    expect(sheet.rows[0]?.wrong).toMatchObject([{ field: 'isbn', code: 'pattern' }])
  })

  it('knows a book of calibre by its uuid, and no rating from none', async () => {
    const sheet = await readCsv('calibre.csv', 'title,uuid,rating,authors\nOne,0a1b,0,Lata Rao & Ada Mora\n')
    expect(sheet.rows[0]?.record).toMatchObject({ origin: 'calibre:0a1b', authors: ['Lata Rao', 'Ada Mora'] })
    expect(sheet.rows[0]?.record?.rating).toBeUndefined()
  })
})

describe('a list of books as JSON lines', () => {
  it('takes lists and a series as the library writes them, and says which line is none', () => {
    const sheet = readJsonLines(
      'list.jsonl',
      '{"title":"One","authors":["A; B","C"],"series":{"name":"Coast","position":2}}\nnot json\n\n[]\n',
    )
    expect(sheet.rows.map(({ line, record }) => [line, record !== null])).toEqual([
      [1, true],
      [2, false],
      [4, false],
    ])
    expect(sheet.rows[0]?.record).toMatchObject({
      authors: ['A; B', 'C'],
      series: { name: 'Coast', position: 2 },
    })
  })
})

it('knows a column by what other catalogues call it', () => {
  expect(['Author', 'series_index', ' Number-of-Pages ', 'colour'].map(fieldOf)).toEqual([
    'authors',
    'series_position',
    'pages',
    null,
  ])
})

it('reads what a spreadsheet writes, in whichever encoding', () => {
  expect(decoded(utf8('﻿नीम'))).toBe('नीम')
  expect(decoded(new Uint8Array([0xff, 0xfe, 0x28, 0x09]).buffer)).toBe('न')
  expect(decoded(new Uint8Array([0x63, 0x61, 0x66, 0xe9]).buffer)).toBe('café')
})
