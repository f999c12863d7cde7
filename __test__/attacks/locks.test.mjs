import { testAttacks } from '../support/attacks.mjs'
import * as locks from './locks.mjs'

testAttacks(new URL('locks.mjs', import.meta.url).href, locks)
