import { testAttacks } from '../support/attacks.mjs'
import * as secrets from './secrets.mjs'

testAttacks(new URL('secrets.mjs', import.meta.url).href, secrets)
