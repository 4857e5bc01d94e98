import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router'
import { withWords } from '@/locales'
import { useSession } from '@/stores/session'
import { nextPath } from './next'
import { scrollBehavior } from './place'

declare module 'vue-router' {
  interface RouteMeta {
    /** Who may see the page; everyone where it is not said. */
    who?: 'signed-in' | 'patron' | 'librarian' | 'guest'
    /** The page fills the window, without the library's header. */
    bare?: boolean
    /** The address says which list is shown. */
    lists?: boolean
  }
}

const id = (route: RouteLocationNormalized) => ({ id: String(route.params.id) })

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    {
      path: '/',
      name: 'home',
      component: () => import('@/views/patron/HomePage.vue'),
      meta: { lists: true },
    },
    { path: '/sections', name: 'sections', component: () => import('@/views/patron/SectionsPage.vue') },
    {
      path: '/sections/:id',
      name: 'section',
      component: () => import('@/views/patron/SectionPage.vue'),
      props: id,
      meta: { lists: true },
    },
    {
      path: '/books',
      name: 'shelf',
      component: () => import('@/views/patron/ShelfPage.vue'),
      meta: { lists: true },
    },
    { path: '/books/:id', name: 'book', component: () => import('@/views/patron/BookPage.vue'), props: id },
    {
      path: '/read/:id',
      name: 'reader',
      component: () => import('@/views/patron/ReaderPage.vue'),
      props: id,
      meta: { who: 'signed-in', bare: true },
    },
    {
      path: '/login',
      name: 'login',
      component: () => import('@/views/patron/LoginPage.vue'),
      meta: { who: 'guest' },
    },
    {
      path: '/register',
      name: 'register',
      component: () => import('@/views/patron/RegisterPage.vue'),
      meta: { who: 'guest' },
    },
    {
      path: '/forgot',
      name: 'forgot',
      component: withWords(() => import('@/views/patron/ForgotPage.vue'), 'notices'),
    },
    {
      path: '/notifications',
      name: 'notifications',
      component: withWords(() => import('@/views/notices/NoticesPage.vue'), 'notices'),
      meta: { who: 'signed-in' },
    },
    {
      path: '/me',
      name: 'profile',
      component: withWords(() => import('@/views/patron/ProfilePage.vue'), 'notices'),
      meta: { who: 'signed-in' },
    },
    {
      path: '/me/reports',
      name: 'my-reports',
      component: withWords(() => import('@/views/notices/ReportsPage.vue'), 'notices'),
      meta: { who: 'patron' },
    },
    {
      path: '/me/apps',
      name: 'reading-apps',
      component: () => import('@/views/patron/ReadingAppsPage.vue'),
      meta: { who: 'signed-in' },
    },
    {
      path: '/me/loans',
      name: 'my-loans',
      component: () => import('@/views/patron/MyLoansPage.vue'),
      meta: { who: 'patron' },
    },
    {
      path: '/librarian',
      component: withWords(() => import('@/views/librarian/LibrarianPages.vue'), 'desk', 'notices'),
      meta: { who: 'librarian' },
      children: [
        { path: '', name: 'desk', component: () => import('@/views/librarian/DeskPage.vue') },
        { path: 'requests', name: 'requests', component: () => import('@/views/librarian/RequestsPage.vue') },
        { path: 'loans', name: 'loans', component: () => import('@/views/librarian/LoansPage.vue') },
        { path: 'issue', name: 'issue', component: () => import('@/views/librarian/IssuePage.vue') },
        { path: 'patrons', name: 'patrons', component: () => import('@/views/librarian/PatronsPage.vue') },
        {
          path: 'patrons/new',
          name: 'new-patrons',
          component: () => import('@/views/librarian/NewPatronsPage.vue'),
        },
        {
          path: 'patrons/:id',
          name: 'patron',
          component: () => import('@/views/librarian/PatronPage.vue'),
          props: id,
        },
        {
          path: 'reports',
          name: 'reports',
          component: () => import('@/views/notices/ReportsPage.vue'),
        },
        { path: 'audit', name: 'audit', component: () => import('@/views/librarian/AuditPage.vue') },
        { path: 'books', name: 'books', component: () => import('@/views/librarian/BooksPage.vue') },
        {
          path: 'books/import',
          name: 'import-books',
          component: () => import('@/views/librarian/ImportPage.vue'),
        },
        { path: 'books/new', name: 'new-book', component: () => import('@/views/librarian/NewBookPage.vue') },
        {
          path: 'books/:id',
          name: 'edit-book',
          component: () => import('@/views/librarian/EditBookPage.vue'),
          props: id,
        },
        {
          path: 'sections',
          name: 'edit-sections',
          component: () => import('@/views/librarian/SectionsDeskPage.vue'),
        },
        { path: 'settings', name: 'settings', component: () => import('@/views/librarian/SettingsPage.vue') },
      ],
    },
    { path: '/:rest(.*)*', name: 'not-found', component: () => import('@/views/patron/NotFoundPage.vue') },
  ],
  scrollBehavior,
})

router.beforeEach(async (to) => {
  const session = useSession()
  await session.restore()
  switch (to.meta.who) {
    case 'guest':
      return session.isSignedIn ? nextPath(to.query.next) : true
    case 'signed-in':
    case 'patron':
    case 'librarian':
      if (!session.isSignedIn) return { name: 'login', query: { next: to.fullPath } }
      if (to.meta.who === 'signed-in' || session.me?.role === to.meta.who) return true
      return { name: 'not-found', params: { rest: to.path.slice(1).split('/') }, query: to.query }
    default:
      return true
  }
})
