import { readFileSync } from 'node:fs'

// What an account's fields must be like is said once, in the API's document; the forms take it from there.
interface Text {
  minLength?: number
  maxLength: number
  pattern?: string
}
interface Document {
  components: {
    schemas: {
      Registration: { properties: { username: Text; password: Text; email: { anyOf: [Text, unknown] } } }
    }
  }
}

const file = new URL('../../chalicelib/openapi.json', import.meta.url)
const { components } = JSON.parse(readFileSync(file, 'utf8')) as Document
const { username, password, email } = components.schemas.Registration.properties

export const registration = { username, password, email: email.anyOf[0] }
