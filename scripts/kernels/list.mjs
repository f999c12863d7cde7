/** The kernels that are tried, oldest first, and where Debian's packages of each come from. */

/**
 * @typedef {object} Kernel
 * @property {string} name as the table has it
 * @property {string} suite of Debian
 * @property {string} who has such a kernel
 * @property {boolean} landlock whether it has Landlock at all
 * @property {boolean} forks whether its Landlock (ABI 6) keeps forked processes apart; without it none are forked
 */

/** @type {Kernel[]} */
export const KERNELS = [
  { name: '5.10', suite: 'bullseye', who: 'Debian 11, AWS Lambda', landlock: false, forks: false },
  { name: '6.1', suite: 'bookworm', who: 'Debian 12, Amazon Linux 2023, GKE', landlock: true, forks: false },
  { name: '6.12', suite: 'trixie', who: 'Debian 13', landlock: true, forks: true },
  { name: 'newest', suite: 'trixie-backports', who: 'Debian 13 with backports', landlock: true, forks: true },
]

/** The kernel of the short form: the oldest that holds the sandbox. */
export const SHORT = '6.1'
