// Fails when src/api/schema.d.ts is not what the OpenAPI document says. `npm run generate` mends it.
import { readFile } from 'node:fs/promises'
import openapi, { astToString } from 'openapi-typescript'

const document = new URL('../../chalicelib/openapi.json', import.meta.url)
const committed = new URL('../src/api/schema.d.ts', import.meta.url)

const bare = (source) => source.replace(/^\/\*\*[\s\S]*?\*\/\s*/, '').trim()

const generated = astToString(await openapi(document, { defaultNonNullable: false }))
if (bare(await readFile(committed, 'utf8')) !== bare(generated)) {
  process.stderr.write('src/api/schema.d.ts is out of date: run `npm run generate`.\n')
  process.exit(1)
}
