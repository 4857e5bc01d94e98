import { describe, expect, it } from 'vitest'
import ar from './ar.json'
import en from './en.json'
import fr from './fr.json'
import hi from './hi.json'

function messages(tree: object, path = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(tree))
    if (typeof value === 'string') found.set(path + key, value)
    else for (const [name, text] of messages(value, `${path}${key}.`)) found.set(name, text)
  return found
}

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
const english = messages(en)

describe.each([
  ['Arabic', messages(ar), 6],
  ['French', messages(fr), 2],
  ['Hindi', messages(hi), 2],
] as const)('%s', (_, translated, forms) => {
  it('says everything that English says, in the same order', () => {
    expect([...translated.keys()]).toEqual([...english.keys()])
  })

  it('leaves no placeholder out', () => {
    for (const [key, text] of translated) {
      const missing = placeholders(english.get(key) ?? '').filter((name) => !text.includes(name))
      // "One book" may say it in a word.
      if (!text.includes(' | ')) expect(missing, key).toEqual([])
    }
  })

  it('has every plural form of its language', () => {
    for (const [key, text] of english)
      if (text.includes(' | ')) expect(translated.get(key)?.split(' | '), key).toHaveLength(forms)
  })
})
