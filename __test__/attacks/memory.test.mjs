import { testAttacks } from '../support/attacks.mjs'
import * as memory from './memory.mjs'

testAttacks(new URL('memory.mjs', import.meta.url).href, memory)
