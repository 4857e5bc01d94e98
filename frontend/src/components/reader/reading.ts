/** Where one is in a book: a locator only its own format understands, how far (0 to 1), in which chapter. */
export interface Place {
  locator: string
  progress: number
  chapter: string
}

export interface TypeSettings {
  /** Percent of the book's own size. */
  size: number
  spacing: number
}

export const sizes = [80, 90, 100, 115, 130, 150, 175, 200] as const

const key = 'carrel.type'
const usual: TypeSettings = { size: 100, spacing: 1.6 }

/** The type this device remembers. */
export function rememberedType(): TypeSettings {
  try {
    const { size, spacing } = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<TypeSettings>
    return {
      size: sizes.find((known) => known === size) ?? usual.size,
      spacing: typeof spacing === 'number' && spacing >= 1.2 && spacing <= 2.2 ? spacing : usual.spacing,
    }
  } catch {
    return usual
  }
}

export function rememberType(type: TypeSettings) {
  localStorage.setItem(key, JSON.stringify(type))
}

/**
 * The place that an address of the reader names after its `#`, as a line of a contents list does: a page of a PDF
 * (RFC 8118), or a file of an EPUB with its fragment. As a locator of that format; null where it names none.
 */
export const placeNamed = (hash: string) => /^#page=(\d+)$/.exec(hash)?.[1] ?? (hash.slice(1) || null)
