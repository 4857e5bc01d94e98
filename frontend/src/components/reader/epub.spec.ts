import { describe, expect, it } from 'vitest'
import { decoded, disarm, disarmStyles, present } from './epub'

const page = (body: string, head = '<title>T</title>') =>
  disarm(`<!doctype html><html><head>${head}</head><body>${body}</body></html>`, 'text/html')

describe('a page of a book', () => {
  it('brings no script, handler or refresh into the library', () => {
    const shown = page(
      '<p onclick="x()">A</p><script>x()</scr' +
        'ipt><a href=" java&#115;cript:x()">b</a><iframe srcdoc="<b>"></iframe><form action="javascript:x()"></form>',
      '<meta http-equiv="refresh" content="0;url=/x"><base href="https://e.example/"><link rel="prefetch" href="https://e.example/">',
    )
    expect(shown).not.toMatch(/onclick|x\(\)|srcdoc|refresh|<base|prefetch/)
  })

  it('fetches nothing from elsewhere, yet may link there', () => {
    const shown = page(
      '<img src="https://e.example/a.png" srcset="//e.example/b 2x"><p style="background:url(http://e.example/c)">x</p><a href="https://ok.example/">link</a>',
      '<link rel="stylesheet" href="//e.example/d.css"><style>@import "https://e.example/e.css"; p{color:red}</style>',
    )
    expect(shown).not.toContain('e.example')
    expect(shown).toContain('https://ok.example/')
    expect(shown).toContain('color:red')
  })

  it('keeps its own pictures and styles, under a policy of its own', () => {
    const shown = page('<img src="blob:http://l/1">', '<link rel="stylesheet" href="blob:http://l/2">')
    expect(shown).toContain('blob:http://l/1')
    expect(shown).toContain('blob:http://l/2')
    expect(shown).toMatch(/<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'/)
  })

  it('keeps styles that stay inside', () => {
    expect(disarmStyles('p{background:url("blob:http://l/1")}')).toBe('p{background:url("blob:http://l/1")}')
    expect(disarmStyles("a{b:url( '//e.example/x' )}")).not.toContain('e.example')
  })
})

describe('the parts of a book', () => {
  const latin = new Uint8Array(
    [...'<?xml version="1.0" encoding="iso-8859-1"?><p>'].map((c) => c.charCodeAt(0)),
  )

  it('are read in the encoding they are in, whatever they say', () => {
    expect(decoded(new Uint8Array([0xff, 0xfe, 0x61, 0, 0x3b1 & 255, 0x3b1 >> 8]))).toBe('aα')
    expect(decoded(new Uint8Array([...latin, 0xe9]))).toMatch(/é$/)
    expect(decoded(new Uint8Array([...latin, 0xc3, 0xa9]))).toMatch(/é$/)
    expect(decoded(latin)).toBe('<?xml version="1.0"?><p>')
    expect(decoded(new Uint8Array([0xe9]))).toBe('\ufffd')
  })

  it('begin at the first package that is there', () => {
    const container =
      '<container><rootfiles><rootfile full-path="gone.opf"/><rootfile full-path="a.opf"/></rootfiles></container>'
    const shown = present(container, (name) => name === 'a.opf')
    expect(shown).toContain('a.opf')
    expect(shown).not.toContain('gone.opf')
  })
})
