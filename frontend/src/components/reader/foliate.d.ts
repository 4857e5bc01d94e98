// The part of foliate-js (which ships no types) that the reader uses.

declare module 'foliate-js/vendor/zip.js' {
  export interface Entry {
    filename: string
    uncompressedSize: number
    getData(writer: BlobWriter): Promise<Blob>
  }
  export class BlobWriter {
    constructor(type?: string)
  }
  export class BlobReader {
    constructor(blob: Blob)
  }
  export class ZipReader {
    constructor(reader: BlobReader)
    getEntries(): Promise<Entry[]>
  }
  export function configure(options: { useWebWorkers: boolean }): void
}

declare module 'foliate-js/epub.js' {
  export interface TocItem {
    label: string
    href: string | null
    subitems?: TocItem[] | null
  }
  export class EPUB {
    constructor(loader: {
      loadText(name: string): Promise<string> | null
      loadBlob(name: string, type?: string): Promise<Blob> | null
      getSize(name: string): number
    })
    init(): Promise<this>
    destroy(): void
    dir?: string
    toc?: TocItem[] | null
    metadata?: { language?: string | string[] }
    sections: { linear?: string }[]
    transformTarget: EventTarget
  }
}

declare module 'foliate-js/view.js' {
  import type { EPUB } from 'foliate-js/epub.js'

  export interface Relocation {
    fraction?: number
    cfi?: string
    tocItem?: { label: string; href: string } | null
  }
  export class View extends HTMLElement {
    book: EPUB
    isFixedLayout: boolean
    renderer: HTMLElement & { setStyles?(css: string): void; next(): Promise<void> }
    open(book: EPUB): Promise<void>
    init(start: { lastLocation?: string | null; showTextStart?: boolean }): Promise<void>
    close(): void
    goTo(target: string): Promise<unknown>
    goToFraction(fraction: number): Promise<void>
    goLeft(): Promise<void>
    goRight(): Promise<void>
    prev(): Promise<void>
    next(): Promise<void>
    getSectionFractions(): number[]
  }
}
