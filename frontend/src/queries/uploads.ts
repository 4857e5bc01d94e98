import { answer } from '@/api/access'
import { api } from '@/api/client'
import type { UploadStatus, UploadTicket } from '@/api/models'
import { Problem } from '@/api/problem'

const types: Record<string, string> = { epub: 'application/epub+zip', pdf: 'application/pdf' }

/** The media type of a file the library takes, by its name; null for any other file. */
export const bookType = (filename: string) => types[filename.split('.').pop()?.toLowerCase() ?? ''] ?? null

// XMLHttpRequest, because `fetch` does not tell how much of a body has gone out.
function send(file: File, to: UploadTicket, onProgress: (sent: number) => void, signal: AbortSignal) {
  return new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(to.method, to.url)
    for (const [name, value] of Object.entries(to.headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total)
    request.onload = () =>
      request.status < 300 ? resolve() : reject(new Problem(request.status, 'upload-failed', '', ''))
    request.onerror = () => reject(new Problem(0, 'unreachable', '', ''))
    request.onabort = () => reject(signal.reason)
    signal.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function settled(id: string, signal: AbortSignal): Promise<UploadStatus> {
  for (let wait = 400; ; wait = Math.min(wait * 1.5, 4000)) {
    const upload = await answer(
      api.GET('/api/uploads/{upload_id}', { params: { path: { upload_id: id } }, signal }),
    )
    if (upload.status === 'ready' || upload.status === 'refused') return upload
    await pause(wait)
  }
}

/**
 * Sends a book's file straight to storage, then waits until the library has looked at it.
 * `bookId` gives an existing book this file; without it the file becomes a new book.
 */
export async function uploadBook(
  file: File,
  options: { bookId?: string; onProgress: (sent: number) => void; signal: AbortSignal },
): Promise<UploadStatus> {
  const { onProgress, signal } = options
  const type = bookType(file.name) ?? file.type
  const upload = await answer(
    api.POST('/api/uploads', {
      body: { filename: file.name, size: file.size, type, book_id: options.bookId },
      signal,
    }),
  )
  await send(file, upload, onProgress, signal)
  const path = { upload_id: upload.upload_id }
  await answer(api.POST('/api/uploads/{upload_id}/complete', { params: { path }, signal }))
  return settled(upload.upload_id, signal)
}
