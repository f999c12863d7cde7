import { testAttacks } from '../support/attacks.mjs'
import * as sockets from './sockets.mjs'

testAttacks(new URL('sockets.mjs', import.meta.url).href, sockets)
