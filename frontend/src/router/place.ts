import type { RouterScrollBehavior } from 'vue-router'

const patience = 4000
const ownDeeds = ['wheel', 'touchmove', 'keydown', 'pointerdown'] as const

/**
 * Whether the page came to be as long as it must be to be scrolled to `top`. On the way it is scrolled as far as it
 * goes, which has a list that grows fetch more; who begins to scroll meanwhile is not pulled about.
 */
function reaches(top: number): Promise<boolean> {
  const isLong = () => document.documentElement.scrollHeight >= Math.floor(top) + innerHeight
  if (isLong()) return Promise.resolve(true)
  return new Promise((resolve) => {
    const sizes = new ResizeObserver(() => {
      if (isLong()) finish(true)
      else scrollTo({ top })
    })
    const timer = setTimeout(() => finish(true), patience)
    const leave = () => finish(false)
    function finish(reached: boolean) {
      clearTimeout(timer)
      sizes.disconnect()
      for (const deed of ownDeeds) removeEventListener(deed, leave)
      resolve(reached)
    }
    sizes.observe(document.body)
    for (const deed of ownDeeds) addEventListener(deed, leave, { passive: true })
  })
}

/**
 * Going back finds one's place again, once what stood there is there. A new page is read from its top, and so is
 * another list at the same address; other changes of the address leave the page where it is.
 */
export const scrollBehavior: RouterScrollBehavior = async (to, from, saved) => {
  if (saved) return (await reaches(saved.top)) && saved
  return to.path === from.path && !to.meta.lists ? false : { top: 0 }
}
