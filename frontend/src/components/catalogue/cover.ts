// Covers for books that bring none: cloth, a pattern and a way of setting the title, all drawn from the title itself,
// so that a book looks the same on every shelf and every device.

export const layouts = ['label', 'frame', 'band', 'plate'] as const
export const patterns = ['arches', 'waves', 'lattice', 'rays', 'leaves', 'rings'] as const

export interface Cloth {
  cloth: string
  deep: string
  gilt: string
}

/** Bookbinder's cloths. The gilt reads on its cloth at 4.5:1 and better. */
export const cloths: readonly Cloth[] = [
  { cloth: '#5a1f25', deep: '#451319', gilt: '#f0d9a8' },
  { cloth: '#1f4a41', deep: '#14372f', gilt: '#efdcae' },
  { cloth: '#22375c', deep: '#172744', gilt: '#e9d9b4' },
  { cloth: '#7a4a12', deep: '#5f370a', gilt: '#fbe9c4' },
  { cloth: '#4a2c55', deep: '#371e41', gilt: '#ecd8c0' },
  { cloth: '#34444a', deep: '#243237', gilt: '#f1dfb4' },
  { cloth: '#7d3422', deep: '#632516', gilt: '#fae3bd' },
  { cloth: '#3f4a22', deep: '#2e3717', gilt: '#f1e3ae' },
  { cloth: '#1d4f63', deep: '#123a4a', gilt: '#f3e0b8' },
  { cloth: '#75304a', deep: '#5a2037', gilt: '#f6dcc2' },
  { cloth: '#4b3a2c', deep: '#37291e', gilt: '#ecd9b0' },
  { cloth: '#2f3f74', deep: '#212e5a', gilt: '#efdfba' },
]

/** MurmurHash3's finalizer: every bit of the number moves every other. */
function stir(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** FNV-1a over the code points, stirred: small, even, and the same everywhere. */
export function hash(text: string): number {
  let h = 0x811c9dc5
  for (const character of text.normalize('NFC'))
    h = Math.imul(h ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return stir(h)
}

/** How wide a title may be on each layout, in hundredths of the cover's width. */
const room: Record<(typeof layouts)[number], number> = { label: 56, frame: 58, band: 78, plate: 78 }

/** The width of a letter of a semibold serif, in its size. Capitals and Cyrillic are the wide ones. */
const letterWidth = 0.68

const east = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u

export interface CoverDesign extends Cloth {
  layout: (typeof layouts)[number]
  pattern: (typeof patterns)[number]
  /** The title's size in hundredths of the cover's width. */
  size: number
  /** A short Chinese or Japanese title stands on a slip from top to bottom, as on the spine of a bound book. */
  vertical: boolean
}

/** The letters that take up room: without marks above and below, in whichever form they were written. */
const letters = (text: string) => [...text.normalize('NFD').replace(/\p{M}/gu, '')]

// Any number would do; with this one the eight books of the demo wear eight cloths.
const salt = 1086

const pick = <T>(from: readonly T[], number: number): T => from[number % from.length] as T

export function designCover(title: string, authors: readonly string[]): CoverDesign {
  const h = hash([title, ...authors].join('\n'))
  const layout = pick(layouts, stir(h + salt + 1))
  const length = letters(title).length
  const eastern = letters(title).filter((character) => east.test(character)).length > length / 2
  const vertical = eastern && length <= 14
  return {
    ...pick(cloths, stir(h + salt)),
    layout,
    pattern: pick(patterns, stir(h + salt + 2)),
    size: vertical ? Math.min(13, 84 / length) : titleSize(title, room[layout], eastern),
    vertical,
  }
}

/** As large as the title's length lets it be, and small enough for its longest word to stay whole. */
function titleSize(title: string, width: number, eastern: boolean): number {
  const length = letters(title).length
  const byLength = length > 60 ? 7.4 : length > 34 ? 9 : length > 16 ? 11.5 : 14.5
  const longest = eastern ? 0 : Math.max(...title.split(/[\s-]+/).map((word) => letters(word).length))
  return Math.max(6, Math.min(byLength, longest ? width / (longest * letterWidth) : byLength))
}
