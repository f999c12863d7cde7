import { buildSchema, graphql } from 'graphql'

export async function job() {
  const { data } = await graphql({ schema: buildSchema('type Query { hello(name: String): String }'), source: '{ hello(name: "Ada") }', rootValue: { hello: ({ name }) => `hello ${name}` } })
  return data.hello
}
