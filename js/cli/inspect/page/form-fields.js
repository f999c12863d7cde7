/** Makes the fields of a form from a JSON Schema. What no field fits is written as JSON. */

import { element } from './dom.js'

/**
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {() => unknown} read undefined where nothing was entered; throws a FieldError
 */

export class FieldError extends Error {
  /** @param {string} message @param {HTMLElement} input */
  constructor(message, input) {
    super(message)
    this.input = input
  }
}

let count = 0
/** How deep references are followed: a schema may name itself. */
const DEEPEST = 6

/** @param {any} schema @param {any} root @param {number} depth @returns {any} */
export function simplified(schema, root, depth) {
  const { $ref } = Object(schema)
  if (typeof $ref === 'string' && $ref.startsWith('#/') && depth < DEEPEST) {
    const found = $ref
      .slice(2)
      .split('/')
      .reduce((at, part) => at?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], root)
    return simplified({ ...found, ...schema, $ref: undefined }, root, depth + 1)
  }
  const choices = schema?.anyOf ?? schema?.oneOf
  if (Array.isArray(choices)) {
    const others = choices.filter((choice) => choice?.type !== 'null')
    if (others.length === 1) return simplified({ ...others[0], description: schema.description ?? others[0].description }, root, depth + 1)
    if (others.length === choices.length && others.every((choice) => 'const' in Object(choice))) {
      return { ...schema, enum: others.map((choice) => choice.const) }
    }
  }
  if (Array.isArray(schema?.type)) {
    const types = schema.type.filter((/** @type {string} */ type) => type !== 'null')
    if (types.length === 1) return { ...schema, type: types[0] }
  }
  return schema
}

/** @param {HTMLElement} input @param {string} name @param {boolean} required @param {string | undefined} description */
function labelled(input, name, required, description) {
  input.id = `field-${++count}`
  const label = element('label', { htmlFor: input.id }, [name])
  if (!required) label.append(element('small', {}, ['optional']))
  const children = [label, input]
  if (description) {
    const help = element('p', { id: `${input.id}-help`, className: 'help' }, [description])
    input.setAttribute('aria-describedby', help.id)
    children.push(help)
  }
  return element('div', { className: 'field' }, children)
}

/** @param {string} text @param {HTMLElement} input */
function parsed(text, input) {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FieldError(`not JSON: ${/** @type {Error} */ (error).message}`, input)
  }
}

/** @param {string} name @param {any} schema @param {boolean} required @returns {Field} */
function choiceField(name, schema, required) {
  /** @type {unknown[]} */
  const values = schema.type === 'boolean' ? [true, false] : schema.enum
  const shown = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  const input = element('select', {}, [
    ...(required && schema.default === undefined ? [] : [element('option', { value: '' }, [''])]),
    ...shown.map((text, index) => element('option', { value: String(index) }, [text])),
  ])
  const preset = values.indexOf(schema.default)
  if (preset >= 0) input.value = String(preset)
  return {
    element: labelled(input, name, required, schema.description),
    read: () => (input.value === '' ? undefined : values[Number(input.value)]),
  }
}

/** @param {string} name @param {any} schema @param {boolean} required @returns {Field} */
function numberField(name, schema, required) {
  const input = element('input', { type: 'text', inputMode: 'decimal', autocomplete: 'off', value: schema.default ?? '' })
  return {
    element: labelled(input, name, required, schema.description),
    read: () => {
      const typed = input.value.trim()
      if (typed === '') return undefined
      const value = Number(typed)
      if (!Number.isFinite(value) || (schema.type === 'integer' && !Number.isInteger(value))) {
        throw new FieldError(`${name} takes ${schema.type === 'integer' ? 'a whole number' : 'a number'}`, input)
      }
      return value
    },
  }
}

/** @param {string} name @param {any} schema @param {boolean} required @returns {Field} */
function textField(name, schema, required) {
  const long = schema.maxLength > 200 || schema.contentMediaType !== undefined
  const properties = { autocomplete: 'off', spellcheck: false, value: schema.default ?? '', placeholder: schema.examples?.[0] ?? '' }
  const input = long ? element('textarea', { rows: 4, ...properties }) : element('input', { type: 'text', ...properties })
  return {
    element: labelled(input, name, required, schema.description),
    // A required text may be empty, and an optional one that is empty was not entered.
    read: () => (input.value === '' && !required ? undefined : input.value),
  }
}

/** @param {string} name @param {any} schema @param {boolean} required @returns {Field} */
function jsonField(name, schema, required) {
  const preset = schema?.default === undefined ? '' : JSON.stringify(schema.default)
  const input = element('textarea', { rows: 3, spellcheck: false, className: 'json', placeholder: 'JSON', value: preset })
  return {
    element: labelled(input, name, required, schema?.description),
    read: () => (input.value.trim() === '' ? undefined : parsed(input.value, input)),
  }
}

/** @param {string} name @param {any} schema @param {boolean} required @param {any} root @param {number} depth @returns {Field} */
function listField(name, schema, required, root, depth) {
  /** @type {Set<Field>} */
  const items = new Set()
  const rows = element('div', { className: 'rows' })
  const add = element('button', { type: 'button', className: 'small' }, [`Add to ${name}`])
  add.addEventListener('click', () => {
    const item = field(`${name} ${items.size + 1}`, schema.items, true, root, depth + 1)
    items.add(item)
    const remove = element('button', { type: 'button', className: 'small', aria: { label: `Remove from ${name}` } }, ['Remove'])
    const row = element('div', { className: 'row' }, [item.element, remove])
    remove.addEventListener('click', () => {
      items.delete(item)
      row.remove()
      add.focus()
    })
    rows.append(row)
    /** @type {HTMLElement | null} */
    const first = row.querySelector('input, select, textarea')
    first?.focus()
  })
  const legend = element('legend', {}, [name, ...(required ? [] : [element('small', {}, ['optional'])])])
  return {
    element: element('fieldset', {}, [legend, rows, add]),
    read: () => (items.size === 0 && !required ? undefined : [...items].map((item) => item.read())),
  }
}

/** @param {any} schema @param {any} root @param {number} depth @returns {Field & { count: number }} */
export function object(schema, root, depth) {
  const needed = new Set(schema.required)
  const fields = Object.entries(schema.properties ?? {}).map(([name, inner]) => {
    return /** @type {const} */ ([name, field(name, inner, needed.has(name), root, depth + 1)])
  })
  return {
    count: fields.length,
    element: element('div', { className: 'fields' }, fields.map(([, inner]) => inner.element)),
    read: () => Object.fromEntries(fields.map(([name, inner]) => [name, inner.read()]).filter(([, value]) => value !== undefined)),
  }
}

/** @param {string} name @param {any} given @param {boolean} required @param {any} root @param {number} depth @returns {Field} */
export function field(name, given, required, root, depth) {
  const schema = simplified(given, root, depth)
  if (depth > DEEPEST || typeof schema !== 'object' || schema === null) return jsonField(name, schema, required)
  if (Array.isArray(schema.enum) || schema.type === 'boolean') return choiceField(name, schema, required)
  if (schema.type === 'number' || schema.type === 'integer') return numberField(name, schema, required)
  if (schema.type === 'string') return textField(name, schema, required)
  if (schema.type === 'array' && typeof schema.items === 'object' && !Array.isArray(schema.items)) return listField(name, schema, required, root, depth)
  if (schema.type === 'object' && schema.properties !== undefined) {
    const inner = object(schema, root, depth)
    const legend = element('legend', {}, [name, ...(required ? [] : [element('small', {}, ['optional'])])])
    return {
      element: element('fieldset', {}, [legend, inner.element]),
      read: () => {
        const value = inner.read()
        return required || Object.keys(/** @type {object} */ (value)).length > 0 ? value : undefined
      },
    }
  }
  return jsonField(name, schema, required)
}
