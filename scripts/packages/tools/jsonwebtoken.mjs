import jwt from 'jsonwebtoken'

export const job = () => jwt.verify(jwt.sign({ a: 1 }, 'secret', { noTimestamp: true }), 'secret')
