/** The name of a language in another one; a tag that has none stays itself. */
export function languageName(tag: string, locale: string): string {
  try {
    return new Intl.DisplayNames([locale], { type: 'language' }).of(tag) ?? tag
  } catch {
    return tag
  }
}

/** What a book's language is chosen from; any other is written as its tag. */
const common =
  'am ar as az be bg bn bo bs ca cs cy da de el en eo es et eu fa fi fil fr ga gl gu ha he hi hr hu hy id ig is it ja ' +
  'ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms mt my nb ne nl nn or pa pl ps pt rm ro ru rw sa sd si sk sl so ' +
  'sq sr sv sw ta te tg th ti tk tl tr uk ur uz vi wo xh yo zh zh-Hans zh-Hant zu'

/** The common languages with their names, in the order of the names. */
export function languageChoices(locale: string): { tag: string; name: string }[] {
  const byName = new Intl.Collator(locale).compare
  return common
    .split(' ')
    .map((tag) => ({ tag, name: languageName(tag, locale) }))
    .sort((a, b) => byName(a.name, b.name))
}
