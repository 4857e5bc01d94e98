import { EPUB } from 'foliate-js/epub.js'
import { BlobReader, BlobWriter, configure, ZipReader, type Entry } from 'foliate-js/vendor/zip.js'

const markup = new Set(['application/xhtml+xml', 'text/html', 'image/svg+xml'])

// What a page of a book may do: show its own pictures, styles, fonts and sounds. The page's own policy, and the
// library's, which the frame inherits, must both allow a thing; no script is allowed by either.
const policy = [
  "default-src 'none'",
  'img-src blob: data:',
  "style-src blob: data: 'unsafe-inline'",
  'font-src blob: data:',
  'media-src blob: data:',
  'frame-src blob:',
  "form-action 'none'",
].join('; ')

const active = 'script, base, meta[http-equiv], link:not([rel~="stylesheet" i]), portal, fencedframe'
const handler = /^(on|srcdoc$|ping$|srcset$|imagesrcset$)/i
const fetched = /^(src|poster|data|background)$/i
const address = /^(href|xlink:href|src|action|formaction|data|poster)$/i
const remote = /^\s*(https?:)?\/\//i
// A browser skips control characters before a scheme.
const script = /^[\s\0-\x1f]*(javascript|vbscript):/i

/** Drops the addresses of other sites from a style sheet. */
export const disarmStyles = (css: string) =>
  css
    .replace(/url\(\s*["']?\s*(?:https?:)?\/\/[^)]*\)/gi, 'url("")')
    .replace(/@import\s+["']\s*(?:https?:)?\/\/[^;]*;?/gi, '')

function isArmed(element: Element, { name, value }: Attr): boolean {
  if (handler.test(name)) return true
  if (address.test(name) && script.test(value)) return true
  // Links may lead out, after a question; nothing else may fetch from there.
  return remote.test(value) && (fetched.test(name) || (/href$/i.test(name) && element.localName !== 'a'))
}

/** Takes out of a book's page whatever could run, fetch or lead away by itself, and gives it a policy of its own. */
export function disarm(source: string, type: string): string {
  const page = new DOMParser().parseFromString(source, type as DOMParserSupportedType)
  for (const element of page.querySelectorAll(active)) element.remove()
  // An animation can write an address into a link.
  for (const element of page.querySelectorAll('animate, set'))
    if (/href$/i.test(element.getAttribute('attributeName') ?? '')) element.remove()
  for (const element of page.querySelectorAll('*'))
    for (const attribute of [...element.attributes]) {
      if (isArmed(element, attribute)) element.removeAttribute(attribute.name)
      else if (attribute.name === 'style') attribute.value = disarmStyles(attribute.value)
    }
  for (const style of page.querySelectorAll('style'))
    style.textContent = disarmStyles(style.textContent ?? '')
  const head = page.querySelector('head')
  if (head) {
    const meta = page.createElementNS('http://www.w3.org/1999/xhtml', 'meta')
    meta.setAttribute('http-equiv', 'Content-Security-Policy')
    meta.setAttribute('content', policy)
    head.prepend(meta)
  }
  return type === 'text/html'
    ? `<!doctype html>${page.documentElement.outerHTML}`
    : new XMLSerializer().serializeToString(page)
}

const declaration = /^([^<]*<\?xml[^>]*?)\s+encoding\s*=\s*["']([\w.:-]+)["']/

/** The text of an entry, in the encoding it is in: by its mark, else UTF-8 if it is that, else as it declares. */
export function decoded(bytes: Uint8Array): string {
  // What is declared is true no more once it is text, which is given on as UTF-8.
  return inEncoding(bytes).replace(declaration, '$1')
}

function inEncoding(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const head = new TextDecoder('latin1').decode(bytes.subarray(0, 200))
    return new TextDecoder(known(declaration.exec(head)?.[2])).decode(bytes)
  }
}

function known(encoding: string | undefined): string {
  try {
    return new TextDecoder(encoding ?? 'utf-8').encoding
  } catch {
    return 'utf-8'
  }
}

/** Leaves those packages out of a container's list that are not in the book: the first that is counts. */
export function present(container: string, has: (name: string) => boolean): string {
  const list = new DOMParser().parseFromString(container, 'application/xml')
  for (const rootfile of list.querySelectorAll('rootfile'))
    if (!has(rootfile.getAttribute('full-path') ?? '')) rootfile.remove()
  return new XMLSerializer().serializeToString(list)
}

/** Finds entries by the names that books use for them: exact, with escapes undone, or in another case. */
function finder(entries: Map<string, Entry>) {
  const folded = new Map([...entries].map(([name, entry]) => [name.toLowerCase(), entry]))
  return (name: string): Entry | undefined => {
    let plain = name
    try {
      plain = decodeURI(name)
    } catch {
      // not an escape after all
    }
    return entries.get(name) ?? entries.get(plain) ?? folded.get(plain.toLowerCase())
  }
}

/** Opens an EPUB whose pages are disarmed before they are shown. */
export async function openEpub(file: Blob): Promise<EPUB> {
  configure({ useWebWorkers: false })
  const entries = new Map<string, Entry>()
  for (const entry of await new ZipReader(new BlobReader(file)).getEntries())
    entries.set(entry.filename, entry)
  const find = finder(entries)
  const read =
    <A extends unknown[], T>(how: (entry: Entry, ...rest: A) => Promise<T>) =>
    (name: string, ...rest: A) => {
      const entry = find(name)
      return entry ? how(entry, ...rest) : null
    }
  const text = async (entry: Entry) => {
    const blob = await entry.getData(new BlobWriter())
    const body = decoded(new Uint8Array(await blob.arrayBuffer()))
    return entry.filename === 'META-INF/container.xml' ? present(body, (name) => !!find(name)) : body
  }
  const book = await new EPUB({
    loadText: read(text),
    loadBlob: read((entry, type?: string) => entry.getData(new BlobWriter(type))),
    getSize: (name) => find(name)?.uncompressedSize ?? 0,
  }).init()
  book.transformTarget.addEventListener('data', (event) => {
    const { detail } = event as CustomEvent<{ data: unknown; type: string }>
    detail.data = Promise.resolve(detail.data)
      .then((data) => {
        if (typeof data !== 'string') return data
        if (markup.has(detail.type)) return disarm(data, detail.type)
        return detail.type === 'text/css' ? disarmStyles(data) : data
      })
      // A missing picture is a gap in the page, not the end of the book.
      .catch(() => '')
  })
  return book
}
