const first = 700
const longest = 10_000
const patience = 90_000

/** Waits so long, or until the page is looked at again where it is not. Throws nothing; ends early with `signal`. */
function pause(wait: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(look, wait)
    function look() {
      if (document.visibilityState === 'visible' || signal.aborted) finish()
    }
    function finish() {
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', look)
      signal.removeEventListener('abort', finish)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    signal.addEventListener('abort', finish)
  })
}

/**
 * Looks again, ever less often and never while the page is hidden, until `isOver` says that it is over: true then;
 * false where it goes on for longer than one watches, or `signal` ends it.
 */
export async function poll(isOver: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  let waited = 0
  for (let wait = first; waited < patience && !signal.aborted; wait = Math.min(wait * 1.5, longest)) {
    await pause(wait, signal)
    waited += wait
    if (signal.aborted) return false
    if (await isOver()) return true
  }
  return false
}
