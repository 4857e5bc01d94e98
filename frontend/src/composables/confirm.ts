import { shallowReadonly, shallowRef } from 'vue'

export interface Question {
  title: string
  text: string
  /** What will be done, as the button says it. */
  action: string
  /** Nothing is lost that cannot be had again: the button does not warn. */
  harmless?: boolean
}

const asked = shallowRef<(Question & { answer: (yes: boolean) => void }) | null>(null)

/** Asks before something is lost. The answer is a promise; the dialog stands once, in the app's shell. */
export function useConfirm() {
  function confirm(question: Question): Promise<boolean> {
    return new Promise((resolve) => {
      asked.value = {
        ...question,
        answer(yes) {
          asked.value = null
          resolve(yes)
        },
      }
    })
  }
  return { asked: shallowReadonly(asked), confirm }
}
