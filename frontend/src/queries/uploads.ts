import { answer } from '@/api/access'
import { api } from '@/api/client'
import type { components } from '@/api/schema'
import type { UploadStatus, UploadTicket } from '@/api/models'
import { Problem } from '@/api/problem'

/** What is known of a book better than its file says. */
export type BookAbout = components['schemas']['BookAbout']

const types: Record<string, string> = { epub: 'application/epub+zip', pdf: 'application/pdf' }

/** The media type of a file the library takes, by its name; null for any other file. */
export const bookType = (filename: string) => types[filename.split('.').pop()?.toLowerCase() ?? ''] ?? null

// XMLHttpRequest, because `fetch` does not tell how much of a body has gone out.
function send(file: File, to: UploadTicket, onProgress: (sent: number) => void, signal: AbortSignal) {
  return new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(to.method, to.url)
    for (const [name, value] of Object.entries(to.headers)) request.setRequestHeader(name, value)
    const abort = () => request.abort()
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 1)
    request.onload = () =>
      request.status < 300 ? resolve() : reject(new Problem(request.status, 'upload-failed', '', ''))
    request.onerror = () => reject(new Problem(0, 'unreachable', '', ''))
    request.onabort = () => reject(signal.reason)
    request.onloadend = () => signal.removeEventListener('abort', abort)
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', abort)
    request.send(file)
  })
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted before. */
export function pause(ms: number, signal?: AbortSignal) {
  return new Promise<void>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort)
  })
}

/** Does a step of an upload, and may do it again where it fails in passing. */
export type Insist = <T>(step: () => Promise<T>) => Promise<T>

// Reading the worst book takes half a minute; what takes longer than this has been lost on the way.
const longestLook = 10 * 60_000

async function settled(id: string, insist: Insist, signal: AbortSignal): Promise<UploadStatus> {
  const end = Date.now() + longestLook
  for (let wait = 250; Date.now() < end; wait = Math.min(wait * 1.5, 4000)) {
    const upload = await insist(() =>
      answer(api.GET('/api/uploads/{upload_id}', { params: { path: { upload_id: id } }, signal })),
    )
    if (upload.status === 'ready' || upload.status === 'refused') return upload
    await pause(wait, signal)
  }
  throw new Problem(504, 'still-looking', '', '')
}

export interface Upload {
  /** The book that gets this file; without it the file becomes a new book. */
  bookId?: string
  /** The file is a picture for the book's cover. */
  purpose?: 'book' | 'cover'
  /** A file that the library has already makes no second book. */
  unlessHeld?: boolean
  about?: BookAbout
  /** Hears how much has gone out, from 0 to 1. At 1 the library begins to look at the file. */
  onProgress?: (sent: number) => void
  insist?: Insist
  signal: AbortSignal
}

/** Sends a file straight to storage, then waits until the library has looked at it. */
export async function uploadFile(file: File, options: Upload): Promise<UploadStatus> {
  const { onProgress = () => undefined, insist = (step) => step(), signal } = options
  const body = {
    filename: file.name,
    size: file.size,
    type: bookType(file.name) ?? file.type,
    book_id: options.bookId,
    purpose: options.purpose ?? 'book',
    unless_held: options.unlessHeld ?? false,
    about: options.about,
  }
  const upload = await insist(() => answer(api.POST('/api/uploads', { body, signal })))
  await insist(() => send(file, upload, onProgress, signal))
  onProgress(1)
  const path = { upload_id: upload.upload_id }
  await insist(() => answer(api.POST('/api/uploads/{upload_id}/complete', { params: { path }, signal })))
  return settled(upload.upload_id, insist, signal)
}
