import { describe, expect, it } from 'vitest'
import ar from './ar.json'
import en from './en.json'
import fr from './fr.json'
import arDesk from './desk/ar.json'
import enDesk from './desk/en.json'
import frDesk from './desk/fr.json'
import hiDesk from './desk/hi.json'
import hi from './hi.json'
import arNotices from './notices/ar.json'
import enNotices from './notices/en.json'
import frNotices from './notices/fr.json'
import hiNotices from './notices/hi.json'

function messages(tree: object, path = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(tree))
    if (typeof value === 'string') found.set(path + key, value)
    else for (const [name, text] of messages(value, `${path}${key}.`)) found.set(name, text)
  return found
}

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
// What comes with some pages only, together with what is always there.
const all = (...parts: object[]) => new Map(parts.flatMap((part) => [...messages(part)]))
const english = all(en, enDesk, enNotices)

describe.each([
  ['Arabic', all(ar, arDesk, arNotices), 6],
  ['French', all(fr, frDesk, frNotices), 2],
  ['Hindi', all(hi, hiDesk, hiNotices), 2],
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
