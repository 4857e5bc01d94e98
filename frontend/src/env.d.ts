/// <reference types="vite/client" />

declare const __PDFJS_BASE__: string

interface TextField {
  minLength: number
  maxLength: number
  pattern: string
}

/** What the API's document says of the fields of a registration. */
declare const __REGISTRATION__: {
  username: TextField
  password: Omit<TextField, 'pattern'>
  email: Omit<TextField, 'minLength'>
}
