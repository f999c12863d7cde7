import { Ajv } from 'ajv'

export function job() {
  const validate = new Ajv().compile({ type: 'object', properties: { age: { type: 'integer' } }, required: ['age'] })
  return [validate({ age: 1 }), validate({}), validate.errors[0].keyword]
}
