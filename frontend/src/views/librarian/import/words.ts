/** Text on one line, without controls, of at most `most` characters; empty where there is none. */
export const within = (most: number, text: string | null | undefined) =>
  [...(text ?? '').replace(/[\p{Cc}\s]+/gu, ' ').trim()].slice(0, most).join('').trim()

/** The language tag in its shortest form (`eng` is `en`); null where it is none, or says nothing (`und`). */
export function languageTag(text: string): string | null {
  try {
    const [tag = ''] = Intl.getCanonicalLocales(text.trim().replace(/_/g, '-'))
    return /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(tag) && !/^(und|mul|zxx|mis)\b/.test(tag) ? tag : null
  } catch {
    return null
  }
}

const breaks = /^(p|div|br|li|tr|h[1-6]|blockquote|ul|ol|section|article|hr)$/i
const unseen = /^(script|style|template|title|head|noscript|iframe|object)$/i

/** What one reads of HTML, in paragraphs. It is parsed in a document of its own, where nothing runs or is fetched. */
export function plainText(html: string, most: number): string {
  const lines = ['']
  function read(node: Node) {
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) lines[lines.length - 1] += child.textContent ?? ''
      if (!(child.nodeType === Node.ELEMENT_NODE) || unseen.test(child.nodeName)) continue
      const isBreak = breaks.test(child.nodeName)
      if (isBreak) lines.push('')
      read(child)
      if (isBreak) lines.push('')
    }
  }
  // Text that was never HTML keeps its line breaks.
  if (!/<[a-z!/]/i.test(html)) lines.push(...html.split('\n'))
  else read(new DOMParser().parseFromString(html, 'text/html').body)
  const said = lines.map((line) => within(most, line)).filter(Boolean)
  return [...said.join('\n\n')].slice(0, most).join('').trim()
}
