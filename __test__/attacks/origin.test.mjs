import { testAttacks } from '../support/attacks.mjs'
import * as origin from './origin.mjs'

testAttacks(new URL('origin.mjs', import.meta.url).href, origin)
