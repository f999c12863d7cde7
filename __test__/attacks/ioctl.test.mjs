import { testAttacks } from '../support/attacks.mjs'
import * as ioctl from './ioctl.mjs'

testAttacks(new URL('ioctl.mjs', import.meta.url).href, ioctl)
