import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { pdfjsBase, pdfjsFiles } from './vite/pdfjs.ts'
import { registration } from './vite/registration.ts'

const api = process.env.CARREL_API ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [
    vue({
      template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith('foliate-') } },
    }),
    pdfjsFiles(),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __PDFJS_BASE__: JSON.stringify(pdfjsBase),
    __REGISTRATION__: JSON.stringify(registration),
    __VUE_OPTIONS_API__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  css: {
    preprocessorOptions: {
      scss: {
        quietDeps: true,
        // Bootstrap 5.3 is still written with Sass's @import.
        silenceDeprecations: ['import', 'global-builtin', 'color-functions', 'if-function'],
      },
    },
  },
  build: {
    // Phones that stopped getting updates around 2021 still open the library.
    target: ['chrome90', 'edge90', 'firefox90', 'safari14.1'],
    // Small pictures inside style sheets stay files, so that `font-src` and `img-src` can be strict.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    rollupOptions: {
      output: {
        // Thirty small files take a distant phone longer than two larger ones.
        codeSplitting: {
          groups: [
            { name: 'vue', test: /node_modules\/(@?vue(?!-chartjs)|@?pinia|@intlify|openapi-fetch)/ },
            {
              name: 'library',
              // What only some pages ask for comes with those pages.
              test: /src\/((components\/(ui|catalogue|circulation)|composables(?!\/polling)|api)\/|queries\/(?!patrons|together|uploads|stats|exports|jobs|notices|passwords|reminders|reports))/,
            },
          ],
        },
        // A worker named .mjs is not served as JavaScript everywhere.
        assetFileNames: ({ names }) =>
          names.some((name) => name.endsWith('.mjs'))
            ? 'assets/[name]-[hash].js'
            : 'assets/[name]-[hash][extname]',
      },
    },
  },
  server: { proxy: { '/api': api } },
  preview: { proxy: { '/api': api } },
  test: {
    include: ['src/**/*.spec.ts'],
    environment: 'happy-dom',
    environmentOptions: {
      happyDOM: { settings: { disableCSSFileLoading: true, handleDisabledFileLoadingAsSuccess: true } },
    },
  },
})
