/**
 * Where a key moves the highlight in a list of `count`, of which `current` is highlighted (-1: none); undefined where
 * the key is the field's own. As the combobox with a list of the ARIA Authoring Practices has it: from the field down
 * to the first and up to the last, and from either end back to the field.
 */
export function moved(key: string, current: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return current + 1 < count ? current + 1 : -1
    case 'ArrowUp':
      return current < 0 ? count - 1 : current - 1
    // The writing mark goes there, and so does the attention.
    case 'Home':
    case 'End':
    case 'ArrowLeft':
    case 'ArrowRight':
      return -1
    default:
      return undefined
  }
}
