import { describe, expect, it } from 'vitest'
import { marked } from './marked'

const shown = (text: string, typed: string) =>
  marked(text, typed)
    .map((part) => (part.hit ? `[${part.text}]` : part.text))
    .join('')

describe('what was typed', () => {
  it.each([
    ['The Whale', 'wha', 'The [Wha]le'],
    ['Élan vital', 'elan', '[Élan] vital'],
    ['Elan vital', 'élan vi', '[Elan] [vi]tal'],
    ['Overwhale', 'whale', 'Overwhale'],
    ['नीम के नीचे', 'नी', '[नी]म के [नी]चे'],
    ['سُوق الورّاقين', 'سوق', '[سُوق] الورّاقين'],
    ['雨の日の返却口', '返却', '雨の日の[返却]口'],
    ['Ο φύλακας', 'φυλ', 'Ο [φύλ]ακας'],
    ['ﬁnding', 'fi', '[ﬁ]nding'],
  ])('is found in %s', (text, typed, expected) => {
    expect(shown(text, typed)).toBe(expected)
  })

  it('never changes the text, whatever it is', () => {
    for (const text of ['<b>bold</b>', 'a & b', '𝒜 whale 🐋', 'e\u0301'])
      for (const typed of ['', '<b', '(', '\\', 'e', '🐋'])
        expect(
          marked(text, typed)
            .map((part) => part.text)
            .join(''),
        ).toBe(text)
  })
})
