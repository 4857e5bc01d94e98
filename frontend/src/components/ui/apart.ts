// Unicode's marks for what keeps its direction to itself (FIRST STRONG ISOLATE, POP DIRECTIONAL ISOLATE).
const before = '\u2068'
const after = '\u2069'

/** Words to be put into a sentence that `SetApart` shows. */
export const apart = (words: string) => before + words.replaceAll(after, '') + after

export function partsOf(text: string): { text: string; apart: boolean }[] {
  return text
    .split(new RegExp(`(${before}[^${after}]*${after})`))
    .filter(Boolean)
    .map((part) =>
      part.startsWith(before) ? { text: part.slice(1, -1), apart: true } : { text: part, apart: false },
    )
}

/** The sentence without the marks, for where only letters count. */
export const plain = (text: string) =>
  partsOf(text)
    .map((part) => part.text)
    .join('')
