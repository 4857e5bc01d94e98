import { describe, expect, it } from 'vitest'
import { readOpf } from './opf'
import { plainText } from './words'

const opf = (metadata: string) => `<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" unique-identifier="uuid_id" version="2.0">
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">${metadata}</metadata>
  <guide><reference type="cover" title="Cover" href="cover.jpg"/></guide>
</package>`

describe('the OPF of a calibre library', () => {
  it('says what calibre knows of a book, its authors in their order', () => {
    const about = readOpf(
      opf(`
        <dc:identifier opf:scheme="calibre" id="calibre_id">7</dc:identifier>
        <dc:identifier opf:scheme="uuid" id="uuid_id">0a1b-2c3d</dc:identifier>
        <dc:title>Neem &amp; Salt</dc:title>
        <dc:creator opf:file-as="Rao, Lata" opf:role="aut">Lata Rao</dc:creator>
        <dc:creator opf:role="trl">A Translator</dc:creator>
        <dc:creator opf:role="aut">Ada Mora</dc:creator>
        <dc:language>eng</dc:language>
        <dc:publisher>Small Press</dc:publisher>
        <dc:subject>Trees</dc:subject><dc:subject>Salt</dc:subject><dc:subject>Trees</dc:subject>
        <dc:identifier opf:scheme="ISBN">978-0-14-143951-8</dc:identifier>
        <dc:identifier opf:scheme="GOODREADS">1885</dc:identifier>
        <dc:description>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;</dc:description>
        <meta name="calibre:series" content="Trees of the Coast"/>
        <meta name="calibre:series_index" content="2.5"/>
        <meta name="calibre:rating" content="8.0"/>`),
    )
    expect(about).toEqual({
      title: 'Neem & Salt',
      authors: ['Lata Rao', 'Ada Mora'],
      language: 'en',
      publisher: 'Small Press',
      subjects: ['Trees', 'Salt'],
      identifiers: ['urn:isbn:9780141439518', 'goodreads:1885'],
      description: 'One.\n\nTwo.',
      series: { name: 'Trees of the Coast', position: 2.5 },
      rating: 4,
      origin: 'calibre:0a1b-2c3d',
    })
  })

  it('leaves to the file what it does not say', () => {
    expect(
      readOpf(
        opf(`<dc:title>  </dc:title><dc:creator>Unknown</dc:creator><dc:language>und</dc:language>
          <meta name="calibre:rating" content="0"/>`),
      ),
    ).toEqual({})
  })

  it('is cut to what the library takes', () => {
    const about = readOpf(
      opf(`<dc:title>${'a'.repeat(900)}</dc:title>${'<dc:subject>x</dc:subject>'.repeat(3)}`),
    )
    expect(about?.title).toHaveLength(500)
    expect(about?.subjects).toEqual(['x'])
  })

  it('is nothing where the file is none', () => {
    expect(readOpf('<html><body>Not found</body></html>')).toBeNull()
  })
})

describe('a description in HTML', () => {
  it('becomes plain paragraphs, without what is not for reading', () => {
    const html =
      '<div><p>One <b>bold</b><br>line</p><script>alert(1)</script><ul><li>Two</li></ul></div><img src=x onerror=alert(1)>'
    expect(plainText(html, 5000)).toBe('One bold\n\nline\n\nTwo')
  })

  it('keeps the signs of text that is none', () => {
    expect(plainText('1 < 2 & 3 > 2', 5000)).toBe('1 < 2 & 3 > 2')
  })
})
