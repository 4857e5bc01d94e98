// Covers for books that bring none: cloth, a pattern and a way of setting the title, all drawn from the title itself,
// so that a book looks the same on every shelf and every device.

export const layouts = ['label', 'frame', 'band', 'plate'] as const
export const patterns = ['arches', 'waves', 'lattice', 'rays', 'leaves', 'rings', 'initial'] as const

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

/**
 * A box for a title, in hundredths of the cover's width, and the sizes it may be set in. A long word may go below the
 * smallest, to stay whole.
 */
interface Box {
  width: number
  height: number
  largest: number
  smallest: number
}

const boxes: Record<(typeof layouts)[number], Box> = {
  label: { width: 58, height: 62, largest: 16, smallest: 8 },
  frame: { width: 60, height: 80, largest: 18, smallest: 8 },
  band: { width: 76, height: 66, largest: 19, smallest: 8 },
  plate: { width: 77, height: 70, largest: 21, smallest: 8 },
}

/** On a cover as small as in a list there is room for the title alone, in letters that can still be read. */
const atSmall = ({ width, largest }: Box): Box => ({
  width: width + 6,
  height: 112,
  largest: largest + 4,
  smallest: 12,
})

/** How far below the smallest size a long word may bring a title. */
const forWords = 0.75

const lineHeight = 1.22
/** Scripts with marks above and below need lines further apart. */
const tallLineHeight = 1.5
const tall =
  /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Tamil}\p{Script=Bengali}\p{Script=Thai}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Khmer}\p{Script=Myanmar}]/u
const east = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー、。・]/u

// How wide a letter of a semibold serif is, in its size; the first that fits counts. Taken from the Noto serifs and
// rounded up, since other devices set other fonts.
const widths: readonly (readonly [RegExp, number])[] = [
  [/[\p{Mn}\p{Me}\p{Cf}]/u, 0],
  [/\s/u, 0.28],
  [east, 1],
  [/\p{Script=Tamil}/u, 0.84],
  [/\p{Mc}/u, 0.42],
  [/[\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Thai}]/u, 0.68],
  [/\p{Script=Arabic}/u, 0.56],
  [/[iljtfrI.,:;'’!|()-]/u, 0.42],
  [/[mwMWЖШЩЮжшщюм]/u, 0.95],
  [/\p{Lu}/u, 0.75],
  [/[\p{Script=Latin}\p{N}]/u, 0.6],
  [/\p{Script=Cyrillic}/u, 0.72],
  [/\p{Script=Greek}/u, 0.66],
  [/./su, 0.8],
]

const widthOf = (text: string) =>
  [...text].reduce((sum, letter) => sum + (widths.find(([kind]) => kind.test(letter))?.[1] ?? 0), 0)

// Chinese and Japanese break between any two letters, the others between words and after a hyphen.
const piecesOf = (title: string) =>
  title.split(/\s+/).flatMap((word) =>
    (east.test(word) ? [...word] : (word.match(/[^-]+-?|-/g) ?? [])).map((piece, n, all) => ({
      width: widthOf(piece),
      space: n === all.length - 1,
    })),
  )

/** How many lines a title breaks into on lines `room` wide, both in the size of its letters; Infinity if a word does not fit. */
function linesOf(pieces: ReturnType<typeof piecesOf>, room: number): number {
  let lines = 1
  let used = 0
  for (const { width, space } of pieces) {
    if (width > room) return Infinity
    if (used + width > room) {
      lines += 1
      used = 0
    }
    used += width + (space ? 0.28 : 0)
  }
  return lines
}

/** A title's size in hundredths of the cover's width, and how many lines it has at most. */
export interface Setting {
  size: number
  lines: number
}

/** As large as the box lets it be with every word whole; what is too long even for the smallest size is cut. */
function set(title: string, { width, height, largest, smallest }: Box): Setting {
  const pieces = piecesOf(title)
  const leading = tall.test(title) ? tallLineHeight : lineHeight
  for (let size = largest; size >= smallest * forWords; size -= 0.5) {
    const lines = linesOf(pieces, width / size)
    if (lines * size * leading <= height) return { size, lines: lines + 1 }
    if (size <= smallest && lines < Infinity) return cut(size)
  }
  return cut(smallest)

  function cut(size: number) {
    return { size, lines: Math.floor(height / (size * leading)) }
  }
}

export interface CoverDesign extends Cloth {
  layout: (typeof layouts)[number]
  pattern: (typeof patterns)[number]
  /** What stands on the cover: of a long title what comes before its colon. */
  title: string
  /** The first letter, as large as a picture, for the pattern that is one. */
  initial: string
  usual: Setting
  small: Setting
  /** The lines lie as far apart as the script needs. */
  leading: number
  /** A short Chinese or Japanese title stands on a slip from top to bottom, as on the spine of a bound book. */
  vertical: boolean
}

/** The letters that take up room: without marks above and below, in whichever form they were written. */
const letters = (text: string) => [...text.normalize('NFD').replace(/\p{M}/gu, '')]

/** Past this many letters a subtitle is left to the words beside the cover. */
const longTitle = 32

function shortened(title: string): string {
  if (letters(title).length <= longTitle) return title
  const main = title.split(/\s*[:：;؛—–(（/]\s*|,\s+(?:or|ou|oder)\b/u)[0] ?? ''
  return letters(main).length >= 3 ? main : title
}

function initialOf(title: string): string {
  const start = title.replace(/^[^\p{L}\p{N}]+/u, '')
  if (typeof Intl.Segmenter !== 'function') return [...start][0] ?? ''
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(start)
  return first?.segment ?? ''
}

// Any number would do; with this one the fourteen books of the demo wear all the cloths.
const salt = 36801

const pick = <T>(from: readonly T[], number: number): T => from[number % from.length] as T

export function designCover(title: string, authors: readonly string[]): CoverDesign {
  const h = hash([title, ...authors].join('\n'))
  const layout = pick(layouts, stir(h + salt + 1))
  const main = shortened(title.normalize('NFC'))
  const length = letters(main).length
  const vertical = length <= 14 && letters(main).filter((letter) => east.test(letter)).length > length / 2
  const pattern = pick(patterns, stir(h + salt + 2))
  // A frame or a band would hide the large letter.
  const hidden = !vertical && (layout === 'frame' || layout === 'band')
  const slip = { size: Math.min(13, 84 / length), lines: 1 }
  return {
    ...pick(cloths, stir(h + salt)),
    layout,
    pattern: pattern === 'initial' && hidden ? 'arches' : pattern,
    title: main,
    initial: initialOf(main),
    usual: vertical ? slip : set(main, boxes[layout]),
    small: vertical ? { size: Math.min(17, 118 / length), lines: 1 } : set(main, atSmall(boxes[layout])),
    leading: tall.test(main) ? tallLineHeight : lineHeight,
    vertical,
  }
}
