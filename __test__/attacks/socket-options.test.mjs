import { testAttacks } from '../support/attacks.mjs'
import * as socketOptions from './socket-options.mjs'

testAttacks(new URL('socket-options.mjs', import.meta.url).href, socketOptions)
