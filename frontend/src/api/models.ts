import type { components } from './schema'

type Schemas = components['schemas']

export type Tokens = Schemas['Tokens']
export type Session = Schemas['SessionShown']
export type Profile = Schemas['Profile']
export type ProfileChange = Schemas['ProfilePatch']
export type Registration = Schemas['Registration']
export type Settings = Schemas['LibrarySettings']
export type SettingsChange = Schemas['LibrarySettingsPatch']
export type Section = Schemas['SectionShown']
export type SectionText = Schemas['NewSection']
export type Book = Schemas['BookShown']
export type NewBook = Schemas['NewBook']
export type BookChange = Schemas['BookPatch']
export type Loan = Schemas['LoanShown']
export type LoanStatus = Loan['status']
export type Review = Schemas['ReviewShown']
export type ReviewText = Schemas['ReviewWritten']
export type Reading = Schemas['Reading']
export type UploadTicket = Schemas['UploadTicket']
export type UploadStatus = Schemas['UploadShown']
export type Availability = Schemas['Availability']
export type ContentsLine = Schemas['ContentsLine']
export type Patron = Schemas['PatronShown']
export type Newcomer = Pick<Schemas['Newcomers'], 'name' | 'username' | 'email' | 'password' | 'group'>
export type PatronChange = Schemas['PatronPatch']
export type Invitation = Schemas['InvitationShown']
export type Happening = Schemas['Entry']
export type GrantPolicy = Settings['grant']

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}
