/**
 * The text of a file as spreadsheets save it: UTF-8 where it is that, else the code page that older ones write in
 * Western Europe.
 */
export function textOf(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

// A cell that begins with one of these is worked out by a spreadsheet as a formula.
const formula = /^[=+\-@\t\r]/

const cell = (text: string) => {
  const tame = formula.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame
}

/** A CSV (RFC 4180) that spreadsheets open as UTF-8. */
export const csvOf = (rows: readonly (readonly string[])[]) =>
  `\ufeff${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`

/** Has the browser keep `text` as a file. */
export function keepFile(name: string, type: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
