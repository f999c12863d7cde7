import { request } from 'graphql-request'

export const job = async ({ http }) => (await request(`http://127.0.0.1:${http}/graphql`, '{ hello }')).hello
