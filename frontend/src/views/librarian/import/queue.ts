import { computed, reactive, ref, shallowReactive, shallowRef } from 'vue'
import { Problem } from '@/api/problem'
import type { Ending, Outcome } from './outcome'

/** A job in somebody's hands. */
export interface Hand {
  name: string
  /** Sending may be broken off; what the library is looking at is waited for. */
  phase: 'sending' | 'looking'
  /** How much has been sent, from 0 to 1. */
  share: number
  signal: AbortSignal
}

/** What makes one book of a file, or many of a part of a list. */
export interface Job {
  name: string
  /** How many books may come of it. */
  count: number
  /** Jobs in turn are done one at a time, in their order. */
  inTurn?: boolean
  /** Raises the signal's reason when it is aborted; then the job is done again from its beginning. */
  run(hand: Hand): Promise<Outcome[]>
  /** What came of it when `run` failed otherwise. */
  failed(thrown: unknown): Outcome[]
}

const recentAtMost = 5

// Without a session nothing more can be sent until somebody has signed in again.
const endsAll = (thrown: unknown) => thrown instanceof Problem && [401, 403].includes(thrown.status)

/**
 * Does jobs, `atOnce` at a time, and keeps count. One that fails does not keep the others from being done. What is
 * reactive here is small however many jobs there are: those in hand, the counts, what did not come in.
 */
export function makeQueue({ atOnce, onRest }: { atOnce: number; onRest: () => void }) {
  let waiting: Job[] = []
  let unsent: Job[] = []
  let round = 0
  const hands = shallowReactive(new Map<Job, Hand>())
  const breaks = new Map<Job, AbortController>()
  const isStopped = ref(false)
  const total = ref(0)
  const counts = reactive<Record<Ending, number>>({ added: 0, held: 0, refused: 0, failed: 0 })
  const recent = shallowRef<Outcome[]>([])
  const left = shallowRef<Outcome[]>([])
  const done = computed(() => counts.added + counts.held + counts.refused + counts.failed)
  const isWorking = computed(() => hands.size > 0)
  /** Everything has been done, or nothing has been given to do. */
  const isDone = computed(() => done.value === total.value && !isWorking.value)

  function note(outcomes: Outcome[]) {
    for (const { ending } of outcomes) counts[ending]++
    const came = outcomes.filter(({ ending }) => ending === 'added' || ending === 'held')
    recent.value = [...came.reverse(), ...recent.value].slice(0, recentAtMost)
    const others = outcomes.filter(({ why }) => why)
    if (others.length) left.value = [...left.value, ...others]
  }

  async function take(job: Job) {
    const broken = new AbortController()
    const hand = reactive<Hand>({ name: job.name, phase: 'sending', share: 0, signal: broken.signal })
    hands.set(job, hand)
    breaks.set(job, broken)
    const began = round
    const ended = await job.run(hand).then(
      (outcomes) => () => note(outcomes),
      (thrown: unknown) => () => {
        if (!broken.signal.aborted && !endsAll(thrown)) {
          unsent.push(job)
          note(job.failed(thrown))
          return
        }
        waiting.unshift(job)
        isStopped.value ||= !broken.signal.aborted
      },
    )
    if (began !== round) return
    hands.delete(job)
    breaks.delete(job)
    ended()
    next()
  }

  function next() {
    while (!isStopped.value && hands.size < atOnce) {
      const turnTaken = [...hands.keys()].some(({ inTurn }) => inTurn)
      const at = waiting.findIndex(({ inTurn }) => !(inTurn && turnTaken))
      const [job] = at < 0 ? [] : waiting.splice(at, 1)
      if (!job) break
      void take(job)
    }
    if (!hands.size) onRest()
  }

  function add(jobs: Job[]) {
    total.value += jobs.reduce((sum, { count }) => sum + count, 0)
    waiting.push(...jobs)
    isStopped.value = false
    next()
  }

  /** Begins nothing more and breaks off what is being sent; that is sent anew when it goes on. */
  function stop() {
    isStopped.value = true
    for (const [job, hand] of hands) if (hand.phase === 'sending') breaks.get(job)?.abort()
  }

  function goOn() {
    isStopped.value = false
    next()
  }

  /** Does again what could not be sent. */
  function again() {
    const jobs = unsent
    unsent = []
    left.value = left.value.filter(({ ending }) => ending !== 'failed')
    total.value -= counts.failed
    counts.failed = 0
    add(jobs)
  }

  /** Forgets everything that was done and what was not. */
  function clear() {
    round++
    for (const broken of breaks.values()) broken.abort()
    hands.clear()
    breaks.clear()
    waiting = []
    unsent = []
    total.value = 0
    Object.assign(counts, { added: 0, held: 0, refused: 0, failed: 0 })
    recent.value = []
    left.value = []
    isStopped.value = false
  }

  return {
    hands,
    isStopped,
    isWorking,
    isDone,
    total,
    done,
    counts,
    recent,
    left,
    add,
    stop,
    goOn,
    again,
    clear,
  }
}
