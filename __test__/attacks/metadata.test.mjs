import { testAttacks } from '../support/attacks.mjs'
import * as metadata from './metadata.mjs'

testAttacks(new URL('metadata.mjs', import.meta.url).href, metadata)
