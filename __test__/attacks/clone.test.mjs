import { testAttacks } from '../support/attacks.mjs'
import * as clone from './clone.mjs'

testAttacks(new URL('clone.mjs', import.meta.url).href, clone)
