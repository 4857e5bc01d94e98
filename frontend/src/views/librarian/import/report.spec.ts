import { expect, it } from 'vitest'
import { cell, csv } from './report'

it('no cell of a report is a formula', () => {
  for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '  =1', '\t=1', '\r=1', '＝1', '\n=1'])
    expect(cell(formula).replace(/^"/, '')).toMatch(/^'/)
  expect(cell('a-b.epub')).toBe('a-b.epub')
})

it('a report opens in a spreadsheet: its letters and its cells stay whole', () => {
  expect(csv([['नीम, "a"', 'b']])).toBe('\ufeff"नीम, ""a""",b\r\n')
})
