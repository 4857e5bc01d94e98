import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowRef, watch } from 'vue'
import type { GrantPolicy } from '@/api/models'
import { useCatalogueChanges } from '@/queries/catalogue'
import { useSession } from '@/stores/session'
import { group, type Haul, type Piece } from './group'
import { fileJob, listJobs, type Terms } from './jobs'
import { openLine } from './line'
import { makeQueue } from './queue'
import { readList, type Sheet } from './sheet'
import type { Found } from './walk'

const filesAtOnce = 3

/** An import of many books. It goes on while one looks at other pages, and ends with the page itself. */
export const useImport = defineStore('import', () => {
  const session = useSession()
  const catalogue = useCatalogueChanges()
  const line = openLine()
  const queue = makeQueue({ atOnce: filesAtOnce, onRest: () => catalogue.refresh() })

  /** How many files have been seen while a folder is looked through; null when none is. */
  const seen = ref<number | null>(null)
  const pieces = shallowRef<Piece[]>([])
  const sheets = shallowRef<Sheet[]>([])
  const others = ref(0)
  /** Something was chosen, and no book and no list was in it. */
  const isNothing = ref(false)
  const terms = reactive({ section_ids: [] as string[], copies: '', grant: '' as GrantPolicy | '' })
  const isPlanned = computed(() => pieces.value.length > 0 || sheets.value.length > 0)
  const isRunning = computed(() => queue.isWorking.value || !(queue.isStopped.value || queue.isDone.value))

  /** Looks through what was chosen, and adds the books and lists in it to the plan. */
  async function consider(files: AsyncIterable<Found>) {
    const found: Found[] = []
    seen.value = 0
    isNothing.value = false
    try {
      for await (const each of files) {
        found.push(each)
        seen.value = found.length
      }
      const haul: Haul = group(found)
      const read = await Promise.all(haul.lists.map(readList))
      const planned = new Set(pieces.value.map(({ name }) => name))
      pieces.value = [...pieces.value, ...haul.pieces.filter(({ name }) => !planned.has(name))]
      sheets.value = [...sheets.value.filter(({ name }) => !read.some((one) => one.name === name)), ...read]
      others.value += haul.others
      isNothing.value = !haul.pieces.length && !haul.lists.length
    } finally {
      seen.value = null
    }
  }

  function dropPlan() {
    pieces.value = []
    sheets.value = []
    others.value = 0
    isNothing.value = false
  }

  /** Begins with what is planned; what is being done already goes on beside it. */
  function start() {
    const chosen: Terms = {
      section_ids: terms.section_ids.length ? [...terms.section_ids] : undefined,
      copies: Number(terms.copies) || undefined,
      grant: terms.grant || undefined,
    }
    const jobs = [
      ...pieces.value.map((piece) => fileJob(piece, chosen, line)),
      ...sheets.value.flatMap((sheet) => listJobs(sheet, chosen, line)),
    ]
    if (queue.isDone.value) queue.clear()
    dropPlan()
    queue.add(jobs)
  }

  // The browser asks before the page, and the import with it, is closed.
  const ask = (event: BeforeUnloadEvent) => event.preventDefault()
  watch(isRunning, (running) => {
    if (running) addEventListener('beforeunload', ask)
    else removeEventListener('beforeunload', ask)
  })

  // Nobody goes on with another's import at this device; who signs in again may go on with their own.
  let owner = session.me?.id
  watch(
    () => session.me?.id,
    (who) => {
      if (!who) queue.stop()
      else if (who !== owner) {
        queue.clear()
        dropPlan()
      }
      owner = who ?? owner
    },
  )

  return {
    seen,
    pieces,
    sheets,
    others,
    isNothing,
    terms,
    isPlanned,
    isRunning,
    isLost: line.isLost,
    consider,
    dropPlan,
    start,
    ...queue,
  }
})
