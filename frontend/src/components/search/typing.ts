// Keyboards of Android compose every word they type, in every script; elsewhere only scripts that need it do.
const converts = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}]/u

/** Whether what stands in the field is on its way to something else, and not yet what its writer means. */
export const isHalfTyped = (event: Event, userAgent = navigator.userAgent) =>
  event instanceof InputEvent &&
  event.isComposing &&
  (!userAgent.includes('Android') || converts.test(event.data ?? ''))

/** Whether a key belongs to the composition of a word. Safari tells only by the number that the Enter ending it did. */
export const isComposing = (event: KeyboardEvent) => event.isComposing || event.keyCode === 229
