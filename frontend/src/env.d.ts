/// <reference types="vite/client" />

declare const __PDFJS_BASE__: string
