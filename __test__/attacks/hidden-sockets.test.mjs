import { testAttacks } from '../support/attacks.mjs'
import * as hiddenSockets from './hidden-sockets.mjs'

testAttacks(new URL('hidden-sockets.mjs', import.meta.url).href, hiddenSockets)
