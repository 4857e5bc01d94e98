import { describe, expect, it } from 'vitest'
import { cloths, designCover, layouts, patterns } from './cover'

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

describe('a made cover', () => {
  it('is the same for the same book, and differs between books', () => {
    expect(designCover('Emma', ['Jane Austen'])).toEqual(designCover('Emma', ['Jane Austen']))
    const designs = Array.from({ length: 200 }, (_, n) => designCover(`Volume ${n}`, []))
    expect(new Set(designs.map(({ cloth }) => cloth)).size).toBe(cloths.length)
    expect(new Set(designs.map(({ layout }) => layout)).size).toBe(layouts.length)
    expect(new Set(designs.map(({ pattern }) => pattern)).size).toBe(patterns.length)
  })

  it('takes every cloth as often as any other, and seldom the same for neighbours', () => {
    const shelf = Array.from(
      { length: 6000 },
      (_, n) => designCover(`Volume ${n}`, ['The same author']).cloth,
    )
    for (const { cloth } of cloths) {
      const share = shelf.filter((found) => found === cloth).length / shelf.length
      expect(share * cloths.length, cloth).toBeGreaterThan(0.85)
      expect(share * cloths.length, cloth).toBeLessThan(1.15)
    }
    const alike = shelf.filter((cloth, n) => cloth === shelf[n + 1]).length / shelf.length
    expect(alike).toBeLessThan(1.2 / cloths.length)
  })

  it('takes the same title in two Unicode forms for the same book', () => {
    expect(designCover('Zola: Thérèse', [])).toEqual(designCover('Zola: Thérèse'.normalize('NFD'), []))
  })

  it('sets the title smaller the longer it is and the longer its longest word', () => {
    const { usual } = designCover('Emma', [])
    const long = designCover('A title that goes on for more than one or two lines of a cover', [])
    expect(long.usual.size).toBeLessThan(usual.size)
    expect(designCover('Donaudampfschifffahrt', []).usual.size).toBeLessThan(usual.size)
    expect(designCover('பொன்னியின் செல்வன்', []).usual.size).toBeLessThan(usual.size)
  })

  it('sets a title that can be read at the size of a thumb, whatever its length', () => {
    const titles = ['Emma', 'Преступление и наказание', 'பொன்னியின் செல்வன்', 'مدن الملح', 'word '.repeat(90)]
    for (const title of titles) {
      const { small } = designCover(title, [])
      expect(small.size * 0.8, title).toBeGreaterThanOrEqual(7)
      expect(small.lines * small.size, title).toBeLessThan(150)
    }
  })

  it('leaves the subtitle of a long title to the words beside it', () => {
    expect(designCover('Frankenstein; or, The Modern Prometheus, in three volumes', []).title).toBe(
      'Frankenstein',
    )
    expect(designCover('Zola: Thérèse', []).title).toBe('Zola: Thérèse')
  })

  it('takes a whole letter for a picture, marks and all, and past quotation marks', () => {
    expect(designCover('नीतिशतकम्', []).initial).toBe('नी')
    expect(designCover('«Emma»', []).initial).toBe('E')
  })

  it('stands short Chinese and Japanese titles upright, and no others', () => {
    expect(designCover('红楼梦', []).vertical).toBe(true)
    expect(designCover('吾輩は猫である', []).vertical).toBe(true)
    expect(designCover('गोदान', []).vertical).toBe(false)
    expect(designCover('مدن الملح', []).vertical).toBe(false)
  })

  it('can be read on every cloth', () => {
    for (const { cloth, deep, gilt } of cloths) {
      expect(contrast(gilt, cloth)).toBeGreaterThan(4.5)
      expect(contrast(gilt, deep)).toBeGreaterThan(4.5)
    }
  })
})
