/** A file among those that were chosen: `path` tells where, from the folder that was chosen on. */
export interface Found {
  path: string
  file: File
}

const fileOf = (entry: FileSystemFileEntry) =>
  new Promise<File>((resolve, reject) => entry.file(resolve, reject))

/** All that is in a folder. A browser gives it in parts (Chromium a hundred at a time), and none when it is through. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    )
    if (!part.length) return all
    all.push(...part)
  }
}

async function* within(entry: FileSystemEntry): AsyncGenerator<Found> {
  try {
    if (entry.isFile) {
      yield {
        path: entry.fullPath.replace(/^\//, ''),
        file: await fileOf(entry as FileSystemFileEntry),
      }
      return
    }
    for (const inside of await entriesOf(entry as FileSystemDirectoryEntry)) yield* within(inside)
  } catch (thrown) {
    // What went away meanwhile, or may not be read, is not there.
    if (!(thrown instanceof DOMException)) throw thrown
  }
}

/** The files that were dropped, and those in the folders that were. To be called while the drop is handled. */
export function dropped(items: DataTransferItemList): AsyncGenerator<Found> {
  // The items are gone once the event is over; the entries stay.
  const given = [...items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile())
  return (async function* () {
    for (const each of given)
      if (each instanceof File) yield { path: each.name, file: each }
      else if (each) yield* within(each)
  })()
}

/** The files of an input, with their paths where a folder was chosen. */
export async function* chosen(files: Iterable<File>): AsyncGenerator<Found> {
  for (const file of files) yield { path: file.webkitRelativePath || file.name, file }
}
