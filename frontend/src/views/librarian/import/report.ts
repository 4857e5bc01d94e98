/** A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"), quoted where it must be (RFC 4180). */
export function cell(value: string): string {
  const plain = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(value) ? `'${value}` : value
  return /[",;\t\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

/** A table as CSV: with a byte order mark, without which Excel does not read UTF-8. */
export const csv = (rows: readonly (readonly string[])[]) =>
  `\ufeff${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`

/** Gives the reader `text` as a file of their own. */
export function download(name: string, text: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
  link.download = name
  link.click()
  // The browser has not read it yet when the click returns.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
