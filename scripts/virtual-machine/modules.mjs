/** Kernel modules that a virtual machine is given because nothing in it loads them by itself. */

/**
 * A running Debian loads these when it is asked what waits in sockets; without them memory in closed sockets would not be counted. Each
 * comes after those that it depends on.
 */
export const SOCKETS = ['inet_diag', 'tcp_diag', 'udp_diag', 'unix_diag']
