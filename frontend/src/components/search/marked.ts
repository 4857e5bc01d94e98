/** A part of a text; `hit` is what was typed. */
export interface Part {
  text: string
  hit: boolean
}

const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
// Scripts without spaces between words: there a word may start anywhere.
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u
const letter = /[\p{L}\p{N}]/u

/**
 * `text` in parts, with what was typed told apart: each word of it where a word of the text starts so, whatever its
 * accents and case. The parts together are the text, letter for letter.
 */
export function marked(text: string, typed: string): Part[] {
  const letters = [...text]
  const words = fold(typed).split(/\s+/).filter(Boolean)
  const hits = new Set<number>()
  let folded = ''
  /** The letter of the text that each unit of the folded text comes from. */
  const from: number[] = []
  letters.forEach((one, index) => {
    const plain = fold(one)
    folded += plain
    for (let unit = 0; unit < plain.length; unit++) from.push(index)
  })
  for (const word of words)
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + 1))
      if (at === 0 || !letter.test(folded.charAt(at - 1)) || unspaced.test(word))
        for (let unit = at; unit < at + word.length; unit++) hits.add(from[unit] ?? 0)

  const parts: Part[] = []
  letters.forEach((one, index) => {
    // A mark above or below goes with the letter that carries it.
    const isMark = /^\p{M}$/u.test(one)
    const last = parts.at(-1)
    const hit = isMark && last ? last.hit : hits.has(index)
    if (last?.hit === hit) last.text += one
    else parts.push({ text: one, hit })
  })
  return parts
}
