import { testAttacks } from '../support/attacks.mjs'
import * as temporary from './temporary.mjs'

testAttacks(new URL('temporary.mjs', import.meta.url).href, temporary)
