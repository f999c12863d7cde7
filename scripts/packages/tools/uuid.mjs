import { v4, v5, validate } from 'uuid'

export const job = () => [validate(v4()), v5('example.com', v5.DNS)]
