import { ref } from 'vue'
import { problemOf, type Problem } from '@/api/problem'
import { pause } from '@/queries/uploads'

/** How often a step is tried while the library can be reached. */
export const mostTries = 6

const longestPause = 30_000
const backOff = (tries: number) => Math.min(1000 * 2 ** (tries - 1), longestPause)

const isCutOff = ({ status }: Problem) => [0, 502, 503, 504].includes(status)
const mayPass = (problem: Problem) =>
  problem.rule !== 'still-looking' && (isCutOff(problem) || problem.status === 429 || problem.status === 500)

/** Whether the library answers. */
async function libraryAnswers(): Promise<boolean> {
  if (!navigator.onLine) return false
  try {
    return (await fetch('/api/health', { cache: 'no-store' })).ok
  } catch {
    return false
  }
}

// The browser's word that the network is back ends the pause early.
async function untilOnlineOr(ms: number) {
  const heard = new AbortController()
  await Promise.race([
    pause(ms),
    new Promise((resolve) => addEventListener('online', resolve, { signal: heard.signal, once: true })),
  ])
  heard.abort()
}

/**
 * The line to the library. `insist` does a step again, with longer and longer pauses, where it failed in passing;
 * while the library cannot be reached everybody waits for one probe, however long it takes, and `isLost` says so.
 */
export function openLine({
  answers = libraryAnswers,
  rest = untilOnlineOr,
  wait = pause,
}: {
  answers?: () => Promise<boolean>
  rest?: (ms: number) => Promise<void>
  wait?: (ms: number, signal: AbortSignal) => Promise<void>
} = {}) {
  const isLost = ref(false)
  let mending: Promise<void> | null = null

  async function mend() {
    for (let tries = 1; !(await answers()); tries++) {
      isLost.value = true
      await rest(backOff(tries))
    }
    isLost.value = false
  }

  function mended(signal: AbortSignal): Promise<void> {
    mending ??= mend().finally(() => (mending = null))
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
    return Promise.race([mending, aborted])
  }

  /** Raises the step's `Problem` where trying again does not help, and the signal's reason when it is aborted. */
  async function insist<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await step()
      } catch (thrown) {
        signal.throwIfAborted()
        const problem = problemOf(thrown)
        if (!mayPass(problem) || tries >= mostTries) throw problem
        if (isCutOff(problem)) await mended(signal)
        await wait(problem.retryAfter === null ? backOff(tries) : problem.retryAfter * 1000, signal)
      }
    }
  }

  return { isLost, insist }
}

export type Line = ReturnType<typeof openLine>
