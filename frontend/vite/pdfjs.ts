import { createReadStream, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Plugin } from 'vite'

const require = createRequire(import.meta.url)
const home = dirname(require.resolve('pdfjs-dist/package.json'))
const { version } = require('pdfjs-dist/package.json') as { version: string }

/** Where pdf.js finds what it loads by name. The version stands for the hash that these names cannot carry. */
export const pdfjsBase = `/assets/pdfjs-${version}/`

const folders = ['cmaps', 'standard_fonts', 'wasm', 'iccs']
// QuickJS runs the scripts inside PDFs. No script of a book ever runs here, so it does not ship.
const wanted = (name: string) => !name.startsWith('quickjs') && !name.includes('nowasm')

function* files(): Generator<{ name: string; path: string }> {
  for (const folder of folders)
    for (const name of readdirSync(join(home, folder)).filter(wanted))
      yield { name: `${folder}/${name}`, path: join(home, folder, name) }
}

/** Ships pdf.js's character maps, standard fonts, colour profiles and image decoders with the app. */
export function pdfjsFiles(): Plugin {
  return {
    name: 'carrel-pdfjs-files',
    configureServer(server) {
      const byAddress = new Map([...files()].map(({ name, path }) => [pdfjsBase + name, path]))
      server.middlewares.use((request, response, next) => {
        const path = byAddress.get(request.url?.split('?')[0] ?? '')
        if (!path) return next()
        if (path.endsWith('.wasm')) response.setHeader('Content-Type', 'application/wasm')
        createReadStream(path).pipe(response)
      })
    },
    generateBundle() {
      for (const { name, path } of files())
        this.emitFile({
          type: 'asset',
          fileName: pdfjsBase.slice(1) + name,
          source: readFileSync(path),
        })
    },
  }
}
