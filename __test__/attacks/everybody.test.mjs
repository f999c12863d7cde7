import { testAttacks } from '../support/attacks.mjs'
import * as everybody from './everybody.mjs'

testAttacks(new URL('everybody.mjs', import.meta.url).href, everybody)
