import { expect, it } from 'vitest'
import { dropped } from './walk'

const file = (path: string) => ({
  isFile: true,
  fullPath: path,
  file: (done: (file: File) => void) => done(new File(['x'], path.slice(path.lastIndexOf('/') + 1))),
})

/** A folder that gives its entries as Chromium does: a hundred at a time. */
const folder = (...entries: unknown[]) => ({
  isFile: false,
  createReader: () => {
    const rest = [...entries]
    return { readEntries: (done: (part: unknown[]) => void) => done(rest.splice(0, 100)) }
  },
})

const item = (entry: unknown) => ({ kind: 'file', webkitGetAsEntry: () => entry })

it('a folder that was dropped is read to its end, and those in it', async () => {
  const many = Array.from({ length: 250 }, (_, n) => file(`/shelf/inner/${n}.epub`))
  const gone = {
    isFile: true,
    fullPath: '/shelf/gone.pdf',
    file: (_: unknown, fail: (why: unknown) => void) => fail(new DOMException('gone')),
  }
  const items = [item(folder(folder(...many), gone, file('/shelf/one.pdf'))), item(file('/loose.epub'))]
  const paths: string[] = []
  for await (const { path } of dropped(items as unknown as DataTransferItemList)) paths.push(path)
  expect(paths).toHaveLength(252)
  expect(paths.at(-1)).toBe('loose.epub')
  expect(paths).toContain('shelf/inner/249.epub')
})
