/** Tools of the soak test: one that answers, and one for each way to fail. */

export const echo = ({ number }) => ({ number })

export function fail({ number }) {
  throw new Error(`failed as asked: ${number}`)
}

export const exit = () => process.exit(3)

export const killSelf = () => process.kill(process.pid, 'SIGKILL')

export const hang = () => new Promise(() => {})
