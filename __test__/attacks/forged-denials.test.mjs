import { testAttacks } from '../support/attacks.mjs'
import * as forged from './forged-denials.mjs'

testAttacks(new URL('forged-denials.mjs', import.meta.url).href, forged)
