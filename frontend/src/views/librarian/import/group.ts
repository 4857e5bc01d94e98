import { bookType } from '@/queries/uploads'
import type { Found } from './walk'

/** A book to bring in: its file, and what a calibre library keeps beside it. */
export interface Piece {
  name: string
  /** Null where a calibre library has the book in other formats alone. */
  file: File | null
  /** `metadata.opf`, which says what is known of the book. */
  opf: File | null
  cover: File | null
}

export interface Haul {
  pieces: Piece[]
  /** Lists of books without files: CSV or JSON lines. */
  lists: File[]
  /** How many other files there were. */
  others: number
}

// The first is taken where a book is there in both.
const formats = ['.epub', '.pdf']
const lists = /\.(csv|tsv|jsonl|ndjson)$/i
const covers = /^cover\.(jpe?g|png|webp)$/i

// What a system or a program keeps for itself: `._name.epub` of macOS, the books in calibre's `.caltrash`.
const isHidden = (path: string) => path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX')

const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1)
const byPath = new Intl.Collator(undefined, { numeric: true }).compare

/** The books in what was chosen, in the order of their paths. */
export function group(found: readonly Found[]): Haul {
  const seen = found.filter(({ path }) => !isHidden(path)).sort((a, b) => byPath(a.path, b.path))
  const folders = new Map<string, Found[]>()
  for (const each of seen) {
    const folder = folderOf(each.path)
    folders.set(folder, [...(folders.get(folder) ?? []), each])
  }
  const haul: Haul = { pieces: [], lists: [], others: 0 }
  for (const [folder, inside] of folders) {
    const books = inside.filter(({ file }) => bookType(file.name))
    const opf = inside.find(({ file }) => file.name === 'metadata.opf')
    const cover = opf && inside.find(({ file }) => covers.test(file.name))
    if (opf) {
      const best = formats
        .map((ending) => books.find(({ file }) => file.name.toLowerCase().endsWith(ending)))
        .find(Boolean)
      haul.pieces.push({
        name: best?.path ?? folder.replace(/\/$/, ''),
        file: best?.file ?? null,
        opf: opf.file,
        cover: cover?.file ?? null,
      })
    } else for (const { path, file } of books) haul.pieces.push({ name: path, file, opf: null, cover: null })
    // A list that lies in a folder of books may be anything; one that was chosen itself is meant.
    const own = folder ? [] : inside.filter(({ file }) => lists.test(file.name))
    haul.lists.push(...own.map(({ file }) => file))
    haul.others += inside.length - own.length - (opf ? 0 : books.length)
    if (opf) haul.others -= books.length + 1 + (cover ? 1 : 0)
  }
  return haul
}
