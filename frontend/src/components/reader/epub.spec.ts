import { describe, expect, it } from 'vitest'
import { disarm, disarmStyles } from './epub'

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
