import { readonly, ref, toValue, watchEffect, type MaybeRefOrGetter } from 'vue'
import { useLibrary } from '@/queries/catalogue'

const pageTitle = ref('')

/** The title of the page that is shown, for the announcement of a change of page. */
export const currentTitle = readonly(pageTitle)

/** Titles the document: the page's own words, then the library's name. */
export function useTitle(title: MaybeRefOrGetter<string | undefined>) {
  const library = useLibrary()
  watchEffect(() => {
    const own = toValue(title) ?? ''
    const name = library.data.value?.name ?? 'Carrel'
    pageTitle.value = own
    document.title = own ? `${own} · ${name}` : name
  })
}
